"""Two people visit a warehouse; all in one process, without Pyro: python visit.py"""

from person import Person
from warehouse import Warehouse

warehouse = Warehouse()
Person("Mia").visit(warehouse)
Person("Noah").visit(warehouse)
