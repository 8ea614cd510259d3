# fmt: off
"""Train a compiled net with onnxruntime alone: `python train_anywhere.py build/lenet5 data.npz`."""
import json, sys, numpy as np, onnxruntime as ort  # noqa: E401, I001  (a loop on one screen)
def words(n, key):  # the n-th random words of a key; an epoch takes the samples in their order
    x, y, z = n * key, n * key, n * key + key
    for added in (y, z, y, z):
        x = ((t := x * x + added) >> 32) | (t << 32)
    return t + ((x * x + y) >> 32)
init = ort.InferenceSession(sys.argv[1] + ".init.onnx", providers=["CPUExecutionProvider"])
choice = json.loads(init.get_modelmeta().custom_metadata_map["dslc"])["session_options"]
options, level = ort.SessionOptions(), 99 if choice["graph_optimization_level"] == "all" else 0
options.graph_optimization_level = ort.GraphOptimizationLevel(level)
options.execution_order = ort.ExecutionOrder(int(choice["execution_order"] == "priority"))
train = ort.InferenceSession(sys.argv[1] + ".train.onnx", options, ["CPUExecutionProvider"])
meta, file = json.loads(train.get_modelmeta().custom_metadata_map["dslc"]), np.load(sys.argv[2])
data = {p["name"]: file[p["name"]].astype(p["dtype"]) for p in meta["inputs"] + meta["targets"]}
plan, count, names = meta["training"], len(data[min(data)]), [s["name"] for s in meta["state"]]
feeds = dict(zip(names, init.run(names, {"seed": np.array(plan["seed"])}), strict=True))
nexts = {s["next"]: s["name"] for s in meta["state"] if s["next"]}
seed, size = 2 * words(np.uint64([plan["seed"]]), 0x548C9DECBCE65297) + 1, plan["batch"]
samples = np.arange(count - round((plan["validation"] or 0) * count), dtype=np.uint64)
now = {"seed": plan["seed"], "step": 0, "steps_per_epoch": len(samples) // size, "validation": np.nan}
for epoch in np.arange(plan["epochs"], dtype=np.uint64)[:, None]:
    order, total = words(samples, 2 * words(epoch, seed) + 1).argsort(kind="stable"), 0.0
    for rows in order[: len(order) // size * size].reshape(-1, size):
        feeds |= {n: np.array(now[n], "f" if n == "validation" else "q") for n in meta["reserved"]}
        loss, *new = train.run(["loss", *nexts], feeds | {n: a[rows] for n, a in data.items()})
        feeds |= dict(zip(nexts.values(), new, strict=True))
        now["step"], total = now["step"] + 1, total + float(loss)
    print(int(epoch[0]) + 1, total / (len(order) // size))
