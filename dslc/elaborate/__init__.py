"""Tree -> Network: names, blocks, repeats, hyper-parameters and shapes resolved; `elaborate.py` is the way in."""
