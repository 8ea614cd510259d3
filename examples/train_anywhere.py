"""Train a compiled folder with onnxruntime alone: `python train_anywhere.py build data.npz`."""
# fmt: off
import glob, json, sys  # noqa: E401, I001
import numpy as np
import onnxruntime as ort
def words(n, key):  # the n-th random words of a key; an epoch takes the samples in their order
    x, y, z = n * key, n * key, n * key + key
    for added in (y, z, y, z):
        x = ((t := x * x + added) >> 32) | (t << 32)
    return t + ((x * x + y) >> 32)
path, cpu = glob.glob(sys.argv[1] + "/*.train.onnx")[0], ["CPUExecutionProvider"]
init = ort.InferenceSession(path.replace(".train.", ".init."), providers=cpu)
choice = json.loads(init.get_modelmeta().custom_metadata_map["dslc"])["session_options"]
options, level = ort.SessionOptions(), 99 if choice["graph_optimization_level"] == "all" else 0
options.graph_optimization_level = ort.GraphOptimizationLevel(level)
options.execution_order = ort.ExecutionOrder(int(choice["execution_order"] == "priority"))
train = ort.InferenceSession(path, options, providers=cpu)
meta, file = json.loads(train.get_modelmeta().custom_metadata_map["dslc"]), np.load(sys.argv[2])
nexts = {row["next"]: row["name"] for row in meta["state"] if row["next"]}
data = {p["name"]: file[p["name"]].astype(p["dtype"]) for p in meta["inputs"] + meta["targets"]}
plan, names, count = meta["training"], [row["name"] for row in meta["state"]], len(file[[*data][0]])
feeds = dict(zip(names, init.run(names, {"seed": np.array(plan["seed"])}), strict=True))
count, size, key = count - round((plan["validation"] or 0) * count), plan["batch"], plan["seed"]
steps = {"seed": key, "step": 0, "steps_per_epoch": count // size, "validation": np.float32("nan")}
