"""Measurements of dslc against PyTorch and onnxruntime; `python -m bench` runs them."""
