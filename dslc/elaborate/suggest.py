"""What somebody may have meant: the nearest known name, and our spelling of other frameworks' names."""

from __future__ import annotations

from collections.abc import Iterable

FOREIGN = {
    "Conv1d": "Conv", "Conv2d": "Conv", "Conv3d": "Conv", "Conv1D": "Conv", "Conv2D": "Conv", "Conv3D": "Conv",
    "Convolution2D": "Conv", "convolution": "conv", "conv1d": "conv", "conv2d": "conv", "conv3d": "conv",
    "ConvTranspose1d": "ConvTranspose", "ConvTranspose2d": "ConvTranspose", "ConvTranspose3d": "ConvTranspose",
    "Conv1DTranspose": "ConvTranspose", "Conv2DTranspose": "ConvTranspose", "Conv3DTranspose": "ConvTranspose",
    "conv_transpose1d": "conv_transpose", "conv_transpose2d": "conv_transpose",
    "conv_transpose3d": "conv_transpose", "LocallyConnected1D": "LocallyConnected",
    "LocallyConnected2D": "LocallyConnected", "Deconv": "ConvTranspose",
    "Deconvolution": "ConvTranspose", "Dense": "Linear", "Gemm": "Linear",
    "InnerProduct": "Linear", "FullyConnected": "Linear", "dense": "Linear", "BatchNorm1d": "BatchNorm",
    "BatchNorm2d": "BatchNorm", "BatchNorm3d": "BatchNorm", "BatchNormalization": "BatchNorm",
    "LayerNormalization": "LayerNorm", "GroupNormalization": "GroupNorm", "InstanceNorm2d": "InstanceNorm",
    "InstanceNormalization": "InstanceNorm", "InstanceNorm1d": "InstanceNorm", "InstanceNorm3d": "InstanceNorm",
    "RMSNormalization": "RMSNorm", "layer_norm": "LayerNorm", "group_norm": "GroupNorm", "rms_norm": "RMSNorm",
    "instance_norm": "InstanceNorm", "normalize": "l2_normalize", "LpNormalization": "l2_normalize",
    "RandomHorizontalFlip": "random_flip", "RandomFlip": "random_flip", "RandomResizedCrop": "random_resized_crop",
    "RandomAffine": "random_affine", "RandomRotation": "random_affine", "RandomErasing": "cutout", "Cutout": "cutout",
    "RandomCrop": "random_crop",
    "Dropout1d": "SpatialDropout", "Dropout2d": "SpatialDropout", "Dropout3d": "SpatialDropout",
    "SpatialDropout1D": "SpatialDropout", "SpatialDropout2D": "SpatialDropout",
    "SpatialDropout3D": "SpatialDropout", "dropout": "Dropout", "embedding": "Embedding", "batch_norm": "BatchNorm",
    "batchnorm": "BatchNorm", "BN": "BatchNorm", "linear": "Linear", "fc": "Linear", "FC": "Linear",
    "Affine": "Linear", "MaxPool": "max_pool", "MaxPool1d": "max_pool", "MaxPool2d": "max_pool",
    "MaxPool3d": "max_pool", "MaxPooling1D": "max_pool", "MaxPooling2D": "max_pool", "MaxPooling3D": "max_pool",
    "maxpool": "max_pool", "max_pool2d": "max_pool", "maxpool2d": "max_pool", "AvgPool": "avg_pool",
    "AveragePool": "avg_pool", "AvgPool1d": "avg_pool", "AvgPool2d": "avg_pool", "AvgPool3d": "avg_pool",
    "AveragePooling2D": "avg_pool", "avgpool": "avg_pool", "avg_pool2d": "avg_pool",
    "GlobalAveragePool": "global_avg_pool", "GlobalAveragePooling2D": "global_avg_pool",
    "AdaptiveAvgPool2d": "global_avg_pool", "GlobalMaxPool": "global_max_pool",
    "GlobalMaxPooling2D": "global_max_pool", "AdaptiveMaxPool2d": "global_max_pool", "MaxUnpool": "max_unpool",
    "MaxUnpool2d": "max_unpool", "LocalResponseNorm": "lrn", "local_response_norm": "lrn", "LRN": "lrn",
    "ReLU": "relu", "Relu": "relu", "RELU": "relu", "LeakyReLU": "leaky_relu", "LeakyRelu": "leaky_relu",
    "ELU": "elu", "Elu": "elu", "SELU": "selu", "Selu": "selu", "GELU": "gelu", "Gelu": "gelu", "SiLU": "silu",
    "swish": "silu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softmax": "softmax",
    "LogSoftmax": "log_softmax", "Softplus": "softplus", "Softsign": "softsign", "Mish": "mish", "CELU": "celu",
    "Celu": "celu", "GLU": "glu", "Swish": "silu", "ReLU6": "relu6", "Relu6": "relu6", "Hardtanh": "hardtanh",
    "HardTanh": "hardtanh", "hard_tanh": "hardtanh", "Hardsigmoid": "hardsigmoid", "HardSigmoid": "hardsigmoid",
    "hard_sigmoid": "hardsigmoid", "Hardswish": "hardswish", "HardSwish": "hardswish", "hard_swish": "hardswish",
    "LogSigmoid": "log_sigmoid", "logsigmoid": "log_sigmoid", "PRelu": "PReLU",
    "prelu": "PReLU", "Heaviside": "step", "heaviside": "step",
    "SimpleRNN": "RNN", "Lstm": "LSTM", "lstm": "LSTM", "Gru": "GRU", "gru": "GRU", "rnn": "RNN",
    "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
    "Flatten": "flatten", "Reshape": "reshape", "View": "reshape", "view": "reshape", "Rescaling": "mul",
    "Permute": "transpose", "permute": "transpose", "Transpose": "transpose", "Concat": "concat",
    "Concatenate": "concat", "cat": "concat", "Add": "add", "Mul": "mul", "multiply": "mul", "Multiply": "mul",
    "MatMul": "matmul", "bmm": "matmul", "mm": "matmul", "tensordot": "matmul", "dot": "matmul", "Dot": "matmul",
    "Upsample": "upsample", "UpSampling2D": "upsample", "ZeroPad2d": "pad", "ZeroPadding2D": "pad", "Pad": "pad",
    "astype": "cast", "to": "cast", "Cast": "cast", "Identity": "identity", "CrossEntropyLoss": "cross_entropy",
    "CategoricalCrossentropy": "cross_entropy", "SparseCategoricalCrossentropy": "cross_entropy", "NLLLoss": "nll",
    "nll_loss": "nll", "MSELoss": "mse", "mse_loss": "mse", "MSE": "mse", "mean_squared_error": "mse", "L1Loss": "l1",
    "l1_loss": "l1", "mae": "l1", "MAE": "l1", "mean_absolute_error": "l1", "BCELoss": "bce_with_logits",
    "BCEWithLogitsLoss": "bce_with_logits", "BinaryCrossentropy": "bce_with_logits",
    "binary_cross_entropy": "bce_with_logits", "bce": "bce_with_logits", "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy", "CrossEntropy": "cross_entropy",
    "crossentropy": "cross_entropy", "softmax_cross_entropy": "cross_entropy", "NLL": "nll", "Accuracy": "accuracy",
    "acc": "accuracy", "HuberLoss": "huber", "huber_loss": "huber", "SmoothL1Loss": "smooth_l1",
    "smooth_l1_loss": "smooth_l1",
    "KLDivLoss": "kl_div", "KLDivergence": "kl_div", "kl_divergence": "kl_div", "MultiMarginLoss": "hinge",
    "multi_margin_loss": "hinge", "CategoricalHinge": "hinge", "CosineEmbeddingLoss": "cosine",
    "cosine_embedding_loss": "cosine", "ContrastiveLoss": "contrastive", "TripletMarginLoss": "triplet",
    "triplet_margin_loss": "triplet", "TripletLoss": "triplet", "DiceLoss": "dice", "dice_loss": "dice",
    "Split": "split", "chunk": "split", "Crop": "crop", "CenterCrop": "crop", "center_crop": "crop",
    "CumSum": "cumsum", "TopK": "topk", "top_k": "topk", "ArgMax": "argmax", "ArgMin": "argmin", "amax": "max",
    "amin": "min", "clamp": "clip", "Clip": "clip", "power": "pow", "Pow": "pow", "ReduceSum": "sum",
    "reduce_sum": "sum", "ReduceMean": "mean", "reduce_mean": "mean", "Precision": "precision", "Recall": "recall",
    "precision_score": "precision", "recall_score": "recall", "F1Score": "f1", "f1_score": "f1",
    "ConfusionMatrix": "confusion_matrix", "jaccard": "mean_iou", "MeanIoU": "mean_iou",
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW",
    "rmsprop": "RMSprop", "RMSProp": "RMSprop", "StepLR": "step", "CosineAnnealingLR": "cosine",
    "ReduceLROnPlateau": "plateau", "ExponentialLR": "exponential", "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal", "he_uniform": "kaiming_uniform", "he_normal": "kaiming_normal",
    "xavier": "xavier_uniform", "glorot": "xavier_uniform", "kaiming": "kaiming_normal", "he": "kaiming_normal",
    "xavier_uniform_": "xavier_uniform", "xavier_normal_": "xavier_normal", "kaiming_uniform_": "kaiming_uniform",
    "kaiming_normal_": "kaiming_normal", "gaussian": "normal", "TruncatedNormal": "truncated_normal",
    "Orthogonal": "orthogonal", "Zeros": "zeros", "Ones": "ones",
}  # fmt: skip
"""Names of PyTorch, Keras and ONNX -> ours."""


MANY = 1_000
"""Names among which a misspelled one is looked for: a hundred mistakes in a file of ten thousand would take minutes."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely stands for, or None.

    The same letters in another case come first; else the smallest edit distance of at most a third of the length,
    unless there are too many names to compare with.
    """
    names = sorted(set(known))
    for candidate in names:
        if candidate.lower() == name.lower():
            return candidate
    most = max(1, len(name) // 3)
    near = [other for other in names if abs(len(other) - len(name)) <= most]
    if len(near) > MANY:
        return None
    ranked = sorted((edit_distance(name.lower(), other.lower(), most), other) for other in near)
    if ranked and ranked[0][0] <= most and len(name) > 1:
        return ranked[0][1]
    return None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?`, or nothing."""
    found = nearest(name, known)
    return f"did you mean `{found}`?" if found else ""


def edit_distance(one: str, other: str, most: int) -> int:
    """Count the insertions, deletions, changes and swaps of neighbours between two words.

    Words more than `most` apart count as `most` + 1: it is known after a few letters, and a file may have thousands.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        above, before_above = row, before
        row = [i + 1]
        for j, b in enumerate(other):
            cost = min(above[j + 1] + 1, row[j] + 1, above[j] + (a != b))
            if i and j and a == other[j - 1] and one[i - 1] == b:
                cost = min(cost, before_above[j - 1] + 1)
            row.append(cost)
        if min(row) > most and min(above) > most:
            return most + 1
        before = above
    return min(row[-1], most + 1)
