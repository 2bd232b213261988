"""What two processes agree on, and how they wait for each other."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn

from medssl import processes
from medssl.errors import Cancelled
from medssl.nets.shared_norm import share_batch_norm
from medssl.objectives.gather import across_processes, sum_across_processes
from medssl.processes import ProcessLostError


def joined(rank: int, port: int, folder: Path) -> None:
    """Run all checks in one of two processes; a file tells that they went well."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
    address = f"tcp://127.0.0.1:{port}"
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    check_agreement(rank)
    check_waiting(rank)
    check_gathering(rank)
    for ndim in (2, 3):
        check_batch_norm(rank, ndim)
    distributed.barrier()
    (folder / str(rank)).touch()


def check_agreement(rank: int) -> None:
    assert processes.process_count() == 2
    assert processes.number_of_first(7 + rank) == 7
    for data in (b"abc", b""):
        assert processes.bytes_of_first(data if rank == 0 else None) == data
    assert processes.same_everywhere("one")
    assert not processes.same_everywhere(f"one {rank}")
    assert processes.any_process(rank == 1)
    assert not processes.any_process(False)


def check_waiting(rank: int) -> None:
    def work() -> int:
        time.sleep(1.5)
        return 5

    def cancel() -> None:
        raise Cancelled

    def fail() -> None:
        raise ValueError("the last one fails")

    begun = time.monotonic()
    result = processes.while_others_wait(work if rank == 0 else None)
    assert result == (5 if rank == 0 else None)
    assert time.monotonic() - begun > 1
    with pytest.raises(Cancelled):
        processes.while_others_wait(cancel if rank == 0 else None)
    with pytest.raises(ValueError if rank == 1 else ProcessLostError):
        processes.while_others_wait(fail if rank == 1 else None)
    assert processes.once_a_computer(lambda: rank + 10) == rank + 10


def check_gathering(rank: int) -> None:
    """The gradient of a loss of all rows, averaged over processes, is that of one process."""
    rows = torch.arange(6.0).reshape(2, 3) + 6 * rank
    rows.requires_grad_()
    every = torch.arange(12.0).reshape(4, 3).requires_grad_()
    assert torch.equal(across_processes(rows), every)
    assert across_processes(rows.detach() > 3).tolist() == (every > 3).tolist()
    loss = (across_processes(rows).sum(0) ** 3).sum() + sum_across_processes(rows.sum()) ** 2
    loss.backward()
    ((every.sum(0) ** 3).sum() + every.sum() ** 2).backward()
    assert rows.grad is not None
    assert every.grad is not None
    torch.testing.assert_close(rows.grad / 2, every.grad[2 * rank : 2 * rank + 2])


def check_batch_norm(rank: int, ndim: int) -> None:
    """Values, gradients and running statistics are those of torch's batch norm on all images."""
    torch.manual_seed(0)
    plain = nn.Sequential(nn.BatchNorm2d(3) if ndim == 2 else nn.BatchNorm3d(3), nn.ReLU())
    shared = nn.Sequential(nn.BatchNorm2d(3) if ndim == 2 else nn.BatchNorm3d(3), nn.ReLU())
    nn.init.uniform_(plain[0].weight)
    shared.load_state_dict(plain.state_dict())
    share_batch_norm(shared, torch.device("cpu"))
    values = torch.randn(4, 3, *[5] * ndim) * 3 + 10
    wanted = torch.randn(4, 3, *[5] * ndim)
    mine = slice(2 * rank, 2 * rank + 2)
    every = values.clone().requires_grad_()
    own = values[mine].clone().requires_grad_()
    out = shared(own)
    torch.testing.assert_close(out, plain(every)[mine], atol=1e-5, rtol=1e-5)
    for name, kept in plain.named_buffers():
        torch.testing.assert_close(shared.get_buffer(name), kept)
    sum_across_processes(((out - wanted[mine]) ** 2).sum()).backward()
    ((plain(every.detach()) - wanted) ** 2).sum().backward()
    ((plain[1](plain[0](every)) - wanted) ** 2).sum().backward(inputs=[every])
    assert own.grad is not None
    assert every.grad is not None
    torch.testing.assert_close(own.grad / 2, every.grad[mine], atol=1e-4, rtol=1e-4)
    for name, parameter in shared.named_parameters():
        distributed.all_reduce(parameter.grad)
        assert parameter.grad is not None
        expected = plain.get_parameter(name).grad
        torch.testing.assert_close(parameter.grad / 2, expected, atol=1e-3, rtol=1e-4)
    fresh = nn.Sequential(type(plain[0])(3), nn.ReLU())
    fresh.load_state_dict(shared.state_dict())
    torch.testing.assert_close(shared.eval()(values), fresh.eval()(values))


def test_two_processes(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(joined, (port, tmp_path), nprocs=2)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}


def test_one_process_agrees_with_itself_and_waits_for_none() -> None:
    assert processes.process_count() == 1
    assert processes.number_of_first(3) == 3
    assert processes.bytes_of_first(b"abc") == b"abc"
    assert processes.same_everywhere("one")
    assert processes.any_process(True)
    assert processes.while_others_wait(lambda: 4) == 4
    assert processes.once_a_computer(lambda: 4) == 4
    rows = torch.rand(2, 3)
    assert across_processes(rows) is rows
    assert sum_across_processes(rows) is rows
