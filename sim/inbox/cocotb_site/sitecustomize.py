"""Python runs this as it starts inside `vvp`, before the design is opened: only the cocotb server's path leads here."""

from sim.inbox.cocotb_server import wait_for_job

wait_for_job()
