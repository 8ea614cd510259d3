"""How other frameworks and languages spell arguments, training settings and element types."""

from __future__ import annotations

ARGUMENTS = {
    "strides": "stride", "filters": "channels", "out_channels": "channels", "num_filters": "channels",
    "num_output": "channels", "out_features": "units", "units": "channels", "kernel_size": "kernel",
    "kernel_shape": "kernel", "pool_size": "kernel", "window": "kernel", "pads": "padding", "pad": "padding",
    "auto_pad": "padding", "dilation_rate": "dilation", "dilations": "dilation", "group": "groups",
    "use_bias": "bias", "kernel_initializer": "init", "weight_initializer": "init",
    "weights_initializer": "init", "bias_initializer": "bias_init", "rate": "p", "prob": "p", "drop": "p",
    "drop_rate": "p", "learning_rate": "lr", "eta": "lr", "decay": "weight_decay", "l2": "weight_decay",
    "beta": "betas", "beta_1": "betas", "beta_2": "betas", "epsilon": "eps", "dim": "axis", "dims": "axes",
    "keepdim": "keepdims", "keep_dims": "keepdims", "slope": "negative_slope", "alpha": "negative_slope",
    "num_groups": "groups", "normalized_shape": "axis", "stddev": "std",
    "num_embeddings": "rows", "embedding_dim": "features", "input_dim": "rows", "output_dim": "features",
    "num_classes": "units",
    "perm": "axes", "target_shape": "shape", "label_smooth": "label_smoothing", "step_size": "every",
    "milestones": "at", "hidden_size": "units", "hidden_dim": "units", "num_units": "units", "num_layers": "layers",
    "return_sequences": "return_sequence", "recurrent_initializer": "recurrent_init", "h_0": "initial_h",
    "c_0": "initial_c", "h0": "initial_h", "c0": "initial_c", "hx": "initial_h", "initial_state": "initial_h",
    "class_weight": "weight", "class_weights": "weight",
    "num_heads": "heads", "nhead": "heads", "n_heads": "heads", "n_head": "heads", "attn_mask": "mask",
    "attention_mask": "mask", "src_mask": "mask", "is_causal": "causal", "dim_feedforward": "hidden",
    "d_ff": "hidden", "ffn_dim": "hidden", "activation": "act",
    "sequence_lens": "lengths", "seq_lens": "lengths", "sequence_length": "lengths",
}  # fmt: skip
"""Arguments of PyTorch, Keras, ONNX and Caffe -> ours; the first one that a call takes is meant."""

DROPPED = {
    "in_channels": "the number of input channels comes from the value",
    "in_features": "the number of input features comes from the value",
    "input_shape": "the shape of the input stands in the `input` line",
    "input_dim": "the shape of the input stands in the `input` line",
    "num_features": "the number of channels comes from the value",
    "num_channels": "the number of channels comes from the value",
    "num_parameters": "the number of channels comes from the value; `per_channel=true` gives each its own slope",
    "embed_dim": "the number of features comes from the value",
    "d_model": "the number of features comes from the value",
    "hidden_size": "the number of features comes from the value",
    "need_weights": "a block gives what its `output` lines say",
    "input_size": "the number of features comes from the value",
    "batch_first": "sequences are always [N, T, features]",
    "inplace": "values never change, so there is nothing to say",
    "data_format": "images are always [N, C, H, W]",
    "name": "the name of a row is its label:  name: ...",
    "device": "where it runs is said on the command line:  --device cuda",
    "dtype": "the element type comes from the value; `cast(float16)` changes it",
    "params": "the optimizer changes every weight that is not frozen",
    "T_max": "the schedule runs over the whole training",
    "total_steps": "the schedule runs over the whole training",
    "steps_per_epoch": "the schedule runs over the whole training",
    "last_epoch": "a training that is resumed goes on where it was",
    "verbose": "the progress is shown on a terminal",
    "pretrained": 'weights come from a file:  weights="resnet50.safetensors"',
    "weights": "a block or net starts from a file, a single layer from its initializer",
    "training": "dropout and normalization know by themselves whether they train",
}
"""Arguments that are not needed here, and why."""

SETTINGS = {
    "batch_size": "batch", "batchsize": "batch", "minibatch": "batch", "num_epochs": "epochs", "n_epochs": "epochs",
    "max_epochs": "epochs", "nb_epoch": "epochs", "iterations": "steps", "max_iter": "steps", "num_steps": "steps",
    "scheduler": "schedule", "lr_schedule": "schedule", "lr_scheduler": "schedule", "optim": "optimizer",
    "solver": "optimizer", "dataset": "data", "train_data": "data", "data_path": "data",
    "validation_split": "validation", "val_split": "validation", "valid": "validation", "random_seed": "seed",
    "manual_seed": "seed", "clipnorm": "clip_grad_norm", "clip_norm": "clip_grad_norm",
    "max_grad_norm": "clip_grad_norm", "clipvalue": "clip_grad_value",
}  # fmt: skip
"""Names of training settings elsewhere -> ours."""

UNSET = {
    "shuffle": "every epoch has an order of its own",
    "device": "where it trains is said on the command line:  --device cuda",
    "gpu": "where it trains is said on the command line:  --device cuda",
    "num_workers": "a thread reads the batches ahead",
    "workers": "a thread reads the batches ahead",
    "drop_last": "the last short batch of an epoch is left out",
    "resume": "a training is resumed on the command line:  --resume",
    "output": "where the files go is said on the command line:  -o DIR",
    "verbose": "the progress is shown on a terminal",
    "amp": "the setting is called `precision`",
    "fp16": "the setting is called `precision`",
    "mixed_precision": "the setting is called `precision`",
    "loss_scale": "where training computes in halves, the loss is scaled as far as they allow",
}
"""Settings that are not needed in a train section, and why."""

LINES = {
    "metrics": "metric accuracy(logits, label)", "metric": "metric accuracy(logits, label)",
    "criterion": "loss cross_entropy(logits, label)", "loss_function": "loss cross_entropy(logits, label)",
    "loss_fn": "loss cross_entropy(logits, label)", "objective": "loss cross_entropy(logits, label)",
    "augment": "augment image: float32[N, 3, 256, 256] = random_crop(227)",
    "augmentation": "augment image: float32[N, 3, 256, 256] = random_crop(227)",
    "transform": "augment image: float32[N, 3, 256, 256] = random_crop(227)",
    "amp": "precision = float16", "fp16": "precision = float16", "mixed_precision": "precision = float16",
    "loss_scale": "precision = float16", "target": "target label: int64[N]", "labels": "target label: int64[N]",
    "group": "group backbone (lr=1e-4)",
}  # fmt: skip
"""Settings elsewhere that are lines of their own here, as examples."""

ELEMENTS = {
    "float": "float32", "f32": "float32", "single": "float32", "FloatTensor": "float32", "double": "float64",
    "f64": "float64", "half": "float16", "f16": "float16", "fp16": "float16", "fp32": "float32",
    "int": "int64", "long": "int64", "i64": "int64", "LongTensor": "int64", "i32": "int32",
    "byte": "uint8", "u8": "uint8", "uchar": "uint8", "char": "int8",
    "boolean": "bool", "Tensor": "float32", "tensor": "float32",
}  # fmt: skip
"""Names of element types elsewhere -> ours."""

CONSTANTS = {"True": "true", "False": "false", "None": "none"}
"""Words of Python for values that settings have -> ours."""

ACTIVATIONS = ("activation", "act", "nonlinearity", "activation_fn")
"""Arguments that name an activation."""

MODULES = frozenset(
    {"nn", "F", "functional", "torch", "keras", "layers", "tf", "onnx", "optim", "init", "losses"}
)
"""What stands in front of a dot in other frameworks: `nn.Conv2d`, `torch.nn.functional.relu`."""

METHODS = {
    "detach": "stop_gradient", "t": "transpose", "type": "cast",
}  # fmt: skip
"""Methods of PyTorch's tensors whose names are not those of its functions -> ours."""

SHIPPED = {
    "TransformerEncoderLayer": "TransformerBlock", "TransformerEncoder": "TransformerBlock",
    "TransformerLayer": "TransformerBlock", "EncoderLayer": "TransformerBlock", "Transformer": "TransformerBlock",
    "TransformerDecoderLayer": "TransformerDecoderBlock", "TransformerDecoder": "TransformerDecoderBlock",
    "DecoderLayer": "TransformerDecoderBlock", "Attention": "MultiheadAttention", "SelfAttention": "MultiheadAttention",
    "attention": "MultiheadAttention", "MHA": "MultiheadAttention", "PositionalEncoding": "SinusoidalPositions",
    "PositionalEmbedding": "LearnedPositions", "PositionEmbedding": "LearnedPositions", "MLPBlock": "FeedForward",
    "ConvBNReLU": "ConvBN", "ConvBlock": "ConvBN",
}  # fmt: skip
"""Names elsewhere of blocks of the standard library."""

SIZES = ("shape", "size", "ndim")
"""What other frameworks ask a tensor for, to learn its sizes."""

ELSEWHERE = {
    "Sequential": "rows and arrows do this:  Conv(6, 5x5) -> relu -> flatten",
    "ModuleList": "`repeat` and `for` do this:  repeat 3 { Linear(8) -> relu }",
    "Input": "what comes in is a line:  input x: float32[N, 10]",
    "Model": "a net ends with what it gives:  output logits: Linear(10)",
    "activation": "an activation is called by its name:  relu",
    "Activation": "an activation is called by its name:  relu",
    "Normalize": "it is a part of the net:  sub(0.5) -> div(0.5)",
    "ToTensor": "pictures come as uint8:  cast(float32) -> mul(1/255)",
    "ColorJitter": "each has a name of its own:  dslc help augment",
    "l2": "squares are summed:  sum(w * w); for all weights it is the optimizer's `weight_decay`",
    "print": "values are looked at with  dslc grad  or  dslc run",
    "model": "layers stand one below the other, without `add`",
    "self": "names stand for themselves:  `fc` for `self.fc`",
    "super": "a block has nothing to inherit from",
    "ones_like": "the shape is said:  ones([N, 10])",
    "zeros_like": "the shape is said:  zeros([N, 10])",
    "full_like": "the shape is said, and the number multiplied:  0.9 * ones([N, 10])",
    "scaled_dot_product_attention": "it is written out:  softmax(q @ transpose(k, [0, 2, 1]) / 8) @ v",
    "LSTMCell": "`LSTM` runs over every step of [N, T, features]; `scan` writes a step of your own",
    "GRUCell": "`GRU` runs over every step of [N, T, features]; `scan` writes a step of your own",
    "RNNCell": "`RNN` runs over every step of [N, T, features]; `scan` writes a step of your own",
    "Bidirectional": "this is a setting of the layer:  LSTM(64, bidirectional=true)",
    "BiLSTM": "this is a setting of the layer:  LSTM(64, bidirectional=true)",
    "BiGRU": "this is a setting of the layer:  GRU(64, bidirectional=true)",
    "TimeDistributed": "Linear works on every step of [N, T, features] as it is",
    "RepeatVector": "`expand` repeats a value along a dimension of 1",
    "pack_padded_sequence": "sequences of different lengths are a value of the layer:  LSTM(64, lengths=steps)",
    "pad_packed_sequence": "the result of `LSTM(64, lengths=steps)` is zero behind the end of each sequence",
}
"""What other frameworks have that is said in another way here, and how."""
