"""Print the reference page: `python -m dslc.help > docs/reference.md`."""

from dslc.help.printing import page

if __name__ == "__main__":
    print(page(), end="")
