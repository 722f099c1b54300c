"""CTC as a formula that can be differentiated as often as one likes, for make-ctc.py and make-losses.py: torch's own, from which it must
not differ, can be once.
"""
import torch
from torch.nn import functional

NONE = -1e30  # ln of nothing: finite, so that its derivatives are


def later(row, by):
    return torch.cat([torch.full_like(row[:by], NONE), row])[: len(row)]


def loss_of(logs, labels, blank):
    """Of log-probabilities [T, C] and a list of labels."""
    states = [blank]
    for label in labels:
        states += [label, blank]
    skips = torch.tensor([i > 1 and states[i - 2] != label for i, label in enumerate(states)])
    row = torch.full((len(states),), NONE, dtype=torch.float64)
    row[0] = 0
    for log in logs:
        ways = torch.stack([row, later(row, 1), torch.where(skips, later(row, 2), torch.tensor(NONE, dtype=torch.float64))])
        row = torch.logsumexp(ways, 0) + log[states]
    return -torch.logsumexp(row[-2:], 0)


def losses(logs, targets, input_lengths, target_lengths, blank=0):
    """Of [T, N, C], targets [N, S] and lengths [N]; or of one sequence."""
    if logs.dim() == 2:
        value = loss_of(logs[: int(input_lengths)], targets.tolist()[: int(target_lengths)], blank)
    else:
        rows = zip(targets.tolist(), input_lengths.tolist(), target_lengths.tolist())
        value = torch.stack([loss_of(logs[:steps, n], labels[:count], blank) for n, (labels, steps, count) in enumerate(rows)])
    batch = [x.unsqueeze(axis) if logs.dim() == 2 else x for x, axis in ((logs.detach(), 1), (targets, 0), (input_lengths, 0), (target_lengths, 0))]
    plain = functional.ctc_loss(batch[0], *[x.long() for x in batch[1:]], blank, "none")
    assert torch.allclose(value, plain.reshape(value.shape), rtol=1e-12)
    return value


def loss(*inputs, reduction, blank=0):
    value = losses(*inputs, blank=blank)
    if reduction == "mean":
        return (value / inputs[3].clamp(min=1)).mean()
    return value.sum() if reduction == "sum" else value
