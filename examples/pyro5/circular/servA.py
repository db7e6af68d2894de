"""Link A of the chain. Start names, servA.py, servB.py, servC.py, then client.py."""

import chain

chain.serve("A", "B")
