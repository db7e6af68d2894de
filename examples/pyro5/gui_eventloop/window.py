"""A window with a list of messages, and no network in it."""

import tkinter


class Window:
    def __init__(self, title):
        self.root = tkinter.Tk()
        self.root.title(title)
        self.root.geometry("480x240")
        tkinter.Label(self.root, text=title).pack()
        self.messages = tkinter.Listbox(self.root)
        self.messages.pack(fill="both", expand=True)
        tkinter.Button(self.root, text="Close", command=self.root.destroy).pack()

    def show(self, text):
        self.messages.insert("end", text)
        self.messages.see("end")
        print("shown:", text, flush=True)
