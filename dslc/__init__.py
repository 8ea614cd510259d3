"""A language of layer stacks, compiled to ONNX: the network, and a whole training step as one graph.

The library is `dslc.api`: it does what the commands do. This package imports nothing, so that help is quick.
"""

from __future__ import annotations

__version__ = "0.1.0"
