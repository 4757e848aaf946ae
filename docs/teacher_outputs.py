#!/usr/bin/env python3
"""What a teacher says of the views that `ablate views` wrote, as a file that a sweep can learn from.

    ablate views sweep.json --out views
    python3 docs/teacher_outputs.py views beit.safetensors --timm beitv2_large_patch16_224.in1k_ft_in22k_in1k --device cuda

and in the sweep: "teachers": {"BEiT": {"outputs": "beit.safetensors"}}. The teacher must know the classes of the
data, in their order (views.json lists them; ImageNet's are in the usual order of its folders). It sees each view
resized to its own input size and normalised its own way. Needs torch and safetensors, and timm for --timm.
"""
import argparse
import json
import pathlib

import safetensors.torch
import torch


def load_teacher(args):
    """A module of images [n, 3, H, W] and logits [n, classes], its input size, mean and deviation."""
    if args.timm:
        import timm
        model = timm.create_model(args.timm, pretrained=not args.checkpoint, checkpoint_path=args.checkpoint or "")
        config = timm.data.resolve_model_data_config(model)
        return model, config["input_size"][-1], config["mean"], config["std"]
    return torch.jit.load(args.module), args.size, args.mean, args.std


def condensed(logits, top):
    """The largest log-probabilities, what is left for the other classes together, and which classes they are."""
    log_p = torch.log_softmax(logits.double(), dim=1)
    values, classes = log_p.topk(min(top, log_p.shape[1]), dim=1)
    others = log_p.scatter(1, classes, float("-inf")).logsumexp(dim=1, keepdim=True)
    return classes.to(torch.int16), torch.cat([values, others], dim=1).clamp_min(-24).half()


@torch.inference_mode()
def look_at_view(files, teacher, args, classes):
    model, size, mean, std = teacher
    mean, std = (torch.tensor(v, device=args.device).view(1, 3, 1, 1) for v in (mean, std))
    parts, right, seen = [], 0, 0
    for file in files:
        shard = safetensors.torch.load_file(file)
        for images, labels in zip(shard["images"].split(args.batch), shard["labels"].split(args.batch)):
            x = images.to(args.device).permute(0, 3, 1, 2).float() / 255
            if size and x.shape[-1] != size:
                x = torch.nn.functional.interpolate(x, (size, size), mode=args.resize, antialias=True).clamp(0, 1)
            logits = model((x - mean) / std).cpu()
            if logits.shape[1] != classes:
                raise SystemExit(f"the teacher knows {logits.shape[1]} classes, the data has {classes}")
            parts.append(condensed(logits, args.top))
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    return torch.cat([p[0] for p in parts]), torch.cat([p[1] for p in parts]), right / seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("views", type=pathlib.Path, help="folder that `ablate views` wrote")
    parser.add_argument("out", type=pathlib.Path, help="safetensors file to write")
    network = parser.add_mutually_exclusive_group(required=True)
    network.add_argument("--timm", help="name of a timm model")
    network.add_argument("--module", help="TorchScript file")
    parser.add_argument("--checkpoint", help="weights for the timm model, instead of its published ones")
    parser.add_argument("--size", type=int, default=0, help="input size of --module (default: as the views)")
    parser.add_argument("--mean", type=float, nargs=3, default=(0, 0, 0), help="its normalisation")
    parser.add_argument("--std", type=float, nargs=3, default=(1, 1, 1))
    parser.add_argument("--resize", choices=("bicubic", "bilinear"), default="bicubic")
    parser.add_argument("--top", type=int, default=10, help="classes to keep of each image")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()

    page = json.loads((args.views / "views.json").read_text())
    teacher = load_teacher(args)
    teacher[0].eval().to(args.device)
    classes, log_probabilities = [], []
    for number, files in enumerate(page["files"]):
        kept = look_at_view([args.views / name for name in files], teacher, args, len(page["classes"]))
        classes.append(kept[0])
        log_probabilities.append(kept[1])
        print(f"view {number}: top-1 {100 * kept[2]:.2f} %", flush=True)
    safetensors.torch.save_file(
        {"classes": torch.stack(classes), "log_probabilities": torch.stack(log_probabilities)}, args.out,
        metadata={"views": page["digest"], "description": page["description"], "teacher": args.timm or args.module})


if __name__ == "__main__":
    main()
