"""A plain training script: contiguous tensors, the default allocator, torch.optim.SGD. Prints images per second.

usage: plain.py NETWORK BATCH STEPS [WARMUP]
"""

import sys
import time

import torch

from networks import NETWORKS


def main():
    network, batch, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    warmup = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = NETWORKS[network]().train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    loss_of = torch.nn.CrossEntropyLoss()
    images, labels = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    for step in range(warmup + steps):
        if step == warmup:
            start = time.perf_counter()
        optimizer.zero_grad()
        loss_of(model(images), labels).backward()
        optimizer.step()
    print(f"{steps * batch / (time.perf_counter() - start):.2f}")


if __name__ == "__main__":
    main()
