"""The backbones as anyone would write them in PyTorch: what the harness is measured against. Images below 64 px get the stem for
small images (no early halving), larger ones that of ImageNet.

Definitions: Sandler et al. 2018 (MobileNetV2), Ma et al. 2018 (ShuffleNetV2), Tang et al. 2022 (GhostNetV2), Liu et al. 2024 (GhostNetV3:
GhostNetV2 with branches while it trains). Names of layers are free here; `bench/compare.py` holds parameter counts against the harness's.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval


def divisible(value, divisor):
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def conv_bn(inputs, outputs, kernel=1, stride=1, groups=1, act=None):
    pad = tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([act] if act else []))


def relu():
    return nn.ReLU(inplace=True)


def relu6():
    return nn.ReLU6(inplace=True)


def head(channels, classes, dropout):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *([nn.Dropout(dropout)] if dropout else []), nn.Linear(channels, classes)]


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        layers = [] if expansion == 1 else [conv_bn(inputs, hidden, act=relu6())]
        layers += [conv_bn(hidden, hidden, 3, stride, hidden, relu6()), conv_bn(hidden, outputs)]
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilenetv2(classes, small, width=1.0):
    early = 1 if small else 2
    channels = divisible(32 * width, 8)
    layers = [conv_bn(3, channels, 3, early, act=relu6())]
    table = [(1, 16, 1, 1), (6, 24, 2, early), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, outputs, repeats, stride in table:
        outputs = divisible(outputs * width, 8)
        for i in range(repeats):
            layers.append(InvertedResidual(channels, outputs, stride if i == 0 else 1, expansion))
            channels = outputs
    last = divisible(1280 * max(1.0, width), 8)
    return nn.Sequential(*layers, conv_bn(channels, last, act=relu6()), *head(last, classes, 0.2))


def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, self.shuffle, half = stride, shuffle, outputs // 2
        if stride == 2:
            self.left = nn.Sequential(conv_bn(inputs, inputs, 3, 2, inputs), conv_bn(inputs, half, act=relu()))
        self.right = nn.Sequential(conv_bn(inputs if stride == 2 else half, half, act=relu()),
                                   conv_bn(half, half, 3, stride, half), conv_bn(half, half, act=relu()))

    def forward(self, x):
        left, right = (self.left(x), x) if self.stride == 2 else x.chunk(2, 1)
        return self.shuffle(torch.cat((left, self.right(right)), 1), 2)


def shufflenetv2(classes, small, width=1.0):
    stages = {0.5: (48, 96, 192, 1024), 1.0: (116, 232, 464, 1024), 1.5: (176, 352, 704, 1024), 2.0: (244, 488, 976, 2048)}[width]
    channels = 24
    layers = [conv_bn(3, channels, 3, 1 if small else 2, act=relu())]
    if not small:
        layers.append(nn.MaxPool2d(3, 2, 1))
    for outputs, repeats in zip(stages, (4, 8, 4)):
        for i in range(repeats):
            layers.append(ShuffleUnit(channels, outputs, 2 if i == 0 else 1))
            channels = outputs
    return nn.Sequential(*layers, conv_bn(channels, stages[3], act=relu()), *head(stages[3], classes, 0))


class Branches(nn.Module):
    """What GhostNetV3 trains in place of a convolution and its BatchNorm: three of them, a 1x1 convolution with BatchNorm beside larger
    kernels, a BatchNorm alone where channels and size stay, added up."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1, act=None):
        super().__init__()
        self.groups = groups
        self.convolutions = nn.ModuleList(conv_bn(inputs, outputs, kernel, stride, groups) for _ in range(3))
        if kernel > 1:
            scale = conv_bn(inputs, outputs, 1, stride, groups)
            self.convolutions.append(scale)
        self.identity = nn.BatchNorm2d(outputs) if inputs == outputs and stride == 1 else None
        self.act = act or nn.Identity()

    def forward(self, x):
        y = self.convolutions[0](x)
        for branch in self.convolutions[1:]:
            y += branch(x)
        if self.identity is not None:
            y += self.identity(x)
        return self.act(y)

    def fused(self):
        """The one convolution with bias that computes the same in evaluation."""
        folded = [fuse_conv_bn_eval(*branch) for branch in self.convolutions]
        sum_of = folded[0]
        if self.identity is not None:
            unit = nn.Conv2d(sum_of.in_channels, sum_of.out_channels, 1, groups=self.groups, bias=False)
            per_group = sum_of.in_channels // self.groups
            nn.init.zeros_(unit.weight)
            for channel in range(sum_of.out_channels):
                unit.weight.data[channel, channel % per_group] = 1
            folded.append(fuse_conv_bn_eval(unit.eval(), self.identity))
        for other in folded[1:]:
            border = (sum_of.kernel_size[0] - other.kernel_size[0]) // 2
            sum_of.weight.data += F.pad(other.weight.data, [border] * 4)
            sum_of.bias.data += other.bias.data
        return nn.Sequential(sum_of, self.act)


class Ghost(nn.Module):
    def __init__(self, inputs, outputs, act, attention, unit):
        super().__init__()
        half = (outputs + 1) // 2
        self.outputs = outputs
        self.primary = unit(inputs, half, act=relu() if act else None)
        self.cheap = unit(half, half, 3, groups=half, act=relu() if act else None)
        self.attention = None
        if attention:
            self.attention = nn.Sequential(conv_bn(inputs, outputs), conv_bn(outputs, outputs, (1, 5), groups=outputs),
                                           conv_bn(outputs, outputs, (5, 1), groups=outputs))

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
        return x * F.hardsigmoid(self.expand(F.relu(self.reduce(F.adaptive_avg_pool2d(x, 1)))))


class GhostBlock(nn.Module):
    def __init__(self, inputs, hidden, outputs, kernel, stride, squeeze, attention, unit):
        super().__init__()
        layers = [Ghost(inputs, hidden, True, attention, unit)]
        if stride > 1:
            layers.append(unit(hidden, hidden, kernel, stride, hidden))
        if squeeze:
            layers.append(SqueezeExcite(hidden))
        self.body = nn.Sequential(*layers, Ghost(hidden, outputs, False, False, unit))
        self.shortcut = nn.Identity()
        if inputs != outputs or stride > 1:
            self.shortcut = nn.Sequential(conv_bn(inputs, inputs, kernel, stride, inputs), conv_bn(inputs, outputs))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def ghostnetv2(classes, small, width=1.0, unit=conv_bn):
    early = 1 if small else 2
    table = [(3, 16, 16, 0, 1), (3, 48, 24, 0, early), (3, 72, 24, 0, 1), (5, 72, 40, 1, 2), (5, 120, 40, 1, 1), (3, 240, 80, 0, 2),
             (3, 200, 80, 0, 1), (3, 184, 80, 0, 1), (3, 184, 80, 0, 1), (3, 480, 112, 1, 1), (3, 672, 112, 1, 1),
             (5, 672, 160, 1, 2), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1), (5, 960, 160, 0, 1), (5, 960, 160, 1, 1)]
    channels = divisible(16 * width, 4)
    layers = [conv_bn(3, channels, 3, early, act=relu())]
    for i, (kernel, hidden, outputs, squeeze, stride) in enumerate(table):
        hidden, outputs = divisible(hidden * width, 4), divisible(outputs * width, 4)
        layers.append(GhostBlock(channels, hidden, outputs, kernel, stride, squeeze, i > 1, unit))
        channels = outputs
    last = divisible(960 * width, 4)
    return nn.Sequential(*layers, conv_bn(channels, last, act=relu()), nn.AdaptiveAvgPool2d(1), nn.Conv2d(last, 1280, 1), relu(),
                         nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, classes))


def ghostnetv3(classes, small, width=1.0):
    return ghostnetv2(classes, small, width, Branches)


NETWORKS = {"mobilenetv2": mobilenetv2, "shufflenetv2": shufflenetv2, "ghostnetv2": ghostnetv2, "ghostnetv3": ghostnetv3}


def make(name, size, classes, width=1.0):
    return NETWORKS[name](classes, size < 64, width)


def fuse(module):
    """The network as it is delivered: BatchNorm folded into convolutions, branches into one convolution. For evaluation."""
    for name, child in module.named_children():
        if isinstance(child, Branches):
            setattr(module, name, child.fused())
        elif isinstance(child, nn.Sequential) and len(child) > 1 and isinstance(child[1], nn.BatchNorm2d):
            setattr(module, name, nn.Sequential(fuse_conv_bn_eval(child[0], child[1]), *child[2:]))
        else:
            fuse(child)
    return module
