"""The sides of a comparison: each a class `Side(folder, threads)` with `start()` and `step()`.

`start` goes from a model as its user writes it (text, a module) to the first result, and returns it;
`step` does the work once more. `floor` is no model: it starts with what it finds, and runs what a step consists of.
"""
