"""What golden files of layers with many options hold of tensors: sums of their numbers times drawn weights, two of each tensor, so that
a few digits stand for all its numbers.
"""
import torch


def drawn(*shape, seed):
    """As in test/nn/sums.ts."""
    state, values = seed * 2654435761 % 2**32, []
    for _ in range(torch.Size(shape).numel()):
        state = (state * 1103515245 + 12345) % 2**32
        values.append((state >> 16) / 32768 - 1)
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def sums(tensor, seeds):
    return [float((drawn(*tensor.shape, seed=next(seeds)) * tensor).sum()) for _ in range(2)]


def sums_of(values, by, seeds):
    """Of the values, of the gradients of their weighted sum, and of the gradients of these gradients' weighted sum."""
    def weighted(tensors):
        return sum((drawn(*value.shape, seed=next(seeds)) * value).sum() for value in tensors)

    gradients = torch.autograd.grad(weighted(values), by, create_graph=True)
    second = torch.autograd.grad(weighted(gradients), by, allow_unused=True)
    second = [torch.zeros_like(a) if b is None else b for a, b in zip(by, second)]
    return {part: [sums(value, seeds) for value in tensors] for part, tensors in (("values", values), ("gradients", gradients), ("second", second))}
