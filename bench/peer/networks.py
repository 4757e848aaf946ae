"""The three networks as anyone would write them in PyTorch, with the stem for 32 px images: what the harness is measured against.

Definitions: Sandler et al. 2018 (MobileNetV2), Ma et al. 2018 (ShuffleNetV2), Tang et al. 2022 (GhostNetV2); widths and names of
layers are free here, parameter counts are checked by `python networks.py`.
"""

import torch
from torch import nn
from torch.nn import functional as F


def divisible(value, divisor):
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def conv_bn(inputs, outputs, kernel=1, stride=1, groups=1, act=None, pad=None):
    pad = kernel // 2 if pad is None else pad
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([act] if act else []))


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = [] if expansion == 1 else [conv_bn(inputs, hidden, act=nn.ReLU6(inplace=True))]
        layers += [conv_bn(hidden, hidden, 3, stride, hidden, nn.ReLU6(inplace=True)), conv_bn(hidden, outputs)]
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilenetv2(width=1.0, classes=10):
    channels = divisible(32 * width, 8)
    layers = [conv_bn(3, channels, 3, 1, act=nn.ReLU6(inplace=True))]
    table = [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, outputs, repeats, stride in table:
        outputs = divisible(outputs * width, 8)
        for i in range(repeats):
            layers.append(InvertedResidual(channels, outputs, stride if i == 0 else 1, expansion))
            channels = outputs
    last = divisible(1280 * max(1.0, width), 8)
    layers += [conv_bn(channels, last, act=nn.ReLU6(inplace=True)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2),
               nn.Linear(last, classes)]
    return nn.Sequential(*layers)


def shuffle(x, groups=2):
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, half = stride, outputs // 2
        if stride == 2:
            self.left = nn.Sequential(conv_bn(inputs, inputs, 3, 2, inputs), conv_bn(inputs, half, act=nn.ReLU(inplace=True)))
        self.right = nn.Sequential(
            conv_bn(inputs if stride == 2 else half, half, act=nn.ReLU(inplace=True)),
            conv_bn(half, half, 3, stride, half), conv_bn(half, half, act=nn.ReLU(inplace=True)))

    def forward(self, x):
        if self.stride == 2:
            return shuffle(torch.cat((self.left(x), self.right(x)), 1))
        left, right = x.chunk(2, 1)
        return shuffle(torch.cat((left, self.right(right)), 1))


def shufflenetv2(width=1.0, classes=10):
    stages = {0.5: (48, 96, 192, 1024), 1.0: (116, 232, 464, 1024), 1.5: (176, 352, 704, 1024), 2.0: (244, 488, 976, 2048)}[width]
    layers, channels = [conv_bn(3, 24, 3, 1, act=nn.ReLU(inplace=True))], 24
    for outputs, repeats in zip(stages, (4, 8, 4)):
        for i in range(repeats):
            layers.append(ShuffleUnit(channels, outputs, 2 if i == 0 else 1))
            channels = outputs
    layers += [conv_bn(channels, stages[3], act=nn.ReLU(inplace=True)), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
               nn.Linear(stages[3], classes)]
    return nn.Sequential(*layers)


class Ghost(nn.Module):
    def __init__(self, inputs, outputs, relu, attention):
        super().__init__()
        half = (outputs + 1) // 2
        self.outputs = outputs
        self.primary = conv_bn(inputs, half, act=nn.ReLU(inplace=True) if relu else None)
        self.cheap = conv_bn(half, half, 3, groups=half, act=nn.ReLU(inplace=True) if relu else None)
        self.attention = None
        if attention:
            self.attention = nn.Sequential(
                conv_bn(inputs, outputs),
                nn.Conv2d(outputs, outputs, (1, 5), padding=(0, 2), groups=outputs, bias=False), nn.BatchNorm2d(outputs),
                nn.Conv2d(outputs, outputs, (5, 1), padding=(2, 0), groups=outputs, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        primary = self.primary(x)
        y = torch.cat((primary, self.cheap(primary)), 1)[:, :self.outputs]
        if self.attention is None:
            return y
        weight = torch.sigmoid(self.attention(F.avg_pool2d(x, 2, 2)))
        return y * F.interpolate(weight, size=y.shape[-2:], mode="nearest")


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        middle = divisible(channels * 0.25, 4)
        self.reduce, self.expand = nn.Conv2d(channels, middle, 1), nn.Conv2d(middle, channels, 1)

    def forward(self, x):
        return x * (F.relu6(self.expand(F.relu(self.reduce(F.adaptive_avg_pool2d(x, 1)))) + 3) / 6)


class GhostBlock(nn.Module):
    def __init__(self, inputs, hidden, outputs, kernel, stride, squeeze, attention):
        super().__init__()
        layers = [Ghost(inputs, hidden, True, attention)]
        if stride > 1:
            layers.append(conv_bn(hidden, hidden, kernel, stride, hidden))
        if squeeze:
            layers.append(SqueezeExcite(hidden))
        self.body = nn.Sequential(*layers, Ghost(hidden, outputs, False, False))
        self.shortcut = nn.Identity()
        if inputs != outputs or stride > 1:
            self.shortcut = nn.Sequential(conv_bn(inputs, inputs, kernel, stride, inputs), conv_bn(inputs, outputs))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def ghostnetv2(width=1.0, classes=10):
    table = [(3, 16, 16, 0, 1), (3, 48, 24, 0, 1), (3, 72, 24, 0, 1), (5, 72, 40, 1, 2), (5, 120, 40, 1, 1), (3, 240, 80, 0, 2),
             (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 1, 1), (3, 672, 112, 1, 1),
             (5, 672, 160, 1, 2), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1)]
    channels = divisible(16 * width, 4)
    layers = [conv_bn(3, channels, 3, 1, act=nn.ReLU(inplace=True))]
    for i, (kernel, hidden, outputs, squeeze, stride) in enumerate(table):
        hidden, outputs = divisible(hidden * width, 4), divisible(outputs * width, 4)
        layers.append(GhostBlock(channels, hidden, outputs, kernel, stride, squeeze, i > 1))
        channels = outputs
    last = divisible(960 * width, 4)
    layers += [conv_bn(channels, last, act=nn.ReLU(inplace=True)), nn.AdaptiveAvgPool2d(1), nn.Conv2d(last, 1280, 1),
               nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, classes)]
    return nn.Sequential(*layers)


NETWORKS = {"mobilenetv2": mobilenetv2, "shufflenetv2": shufflenetv2, "ghostnetv2": ghostnetv2}

if __name__ == "__main__":
    for name, expected in (("mobilenetv2", 2236682), ("shufflenetv2", 1263854), ("ghostnetv2", 4888190)):
        count = sum(p.numel() for p in NETWORKS[name]().parameters())
        assert count == expected, f"{name}: {count} parameters, expected {expected}"
        print(f"{name}: {count} parameters")
