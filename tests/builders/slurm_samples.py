"""What the commands of a real Slurm 22.05.8 have printed."""

from __future__ import annotations

SQUEUE = """\
11|FAILED|1|1796010239|0:00|30:00|BadConstraints|e7.sh|
1_0|CANCELLED|0|1796010239|0:00|30:00|None|s-0|
2|FAILED|1792|1796010239|0:01|30:00|NonZeroExitCode|e7|
3|FAILED|9|1796010239|0:02|30:00|JobLaunchFailure|k9|
4|FAILED|11|1796010239|0:01|30:00|JobLaunchFailure|k11|
8_1|PENDING|0|N/A|0:00|30:00|JobArrayTaskLimit|na|me|
7|PENDING|0|N/A|0:00|1-00:01:00|PartitionTimeLimit|long|
10|PENDING|0|N/A|0:00|30:00|PartitionNodeLimit|wide|
6|PENDING|0|N/A|0:00|30:00|JobHeldUser|c.0|
5|RUNNING|0|1796010239|0:11|30:00|None|sl|
13|COMPLETED|0|1796010428|0:04|UNLIMITED|None|mem|
"""
SACCT = """\
2|FAILED|7:0|1796010428|0|30|None|x-0.0
3|CANCELLED|0:0|1796010428|0|30|Dependency|x-0.1
6|COMPLETED|0:0|1796010428|4|30|None|mem
1_1|FAILED|1:0|1796010428|1|30|None|s-0
5_[0-4:2,9]|CANCELLED by 0|0:0|1796010427|0|30|None|pend
8_0|RUNNING|0:0|1796010428|7|30|None|na|me
8_[1-3%1]|PENDING|0:0|Unknown|0|30|JobArrayTaskLimit|na|me
"""
MAX_RSS = "\n210268K\n8.5M\n0\n"
CONFIG = """\
Configuration data as of 2026-11-30T03:43:59
AccountingStorageBackupHost = (null)
AccountingStorageEnforce = none
AccountingStorageHost   = localhost
AccountingStorageType   = accounting_storage/{accounting}
EnforcePartLimits       = NO
KillWait                = 2 sec
MaxArraySize            = 1001
MaxJobCount             = 10000
MinJobAge               = {age} sec
SchedulerParameters     = sched_interval=1,bf_interval=1,batch_sched_delay=0
SLURM_VERSION           = 22.05.8

Slurmctld(primary) at localhost is UP
"""
SACCT_DISABLED = "Slurm accounting storage is disabled\n"
UNKNOWN_ID = "slurm_load_jobs error: Invalid job id specified\n"
NO_CONTROLLER = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"
RELEASED_ENDED = "1_0-2: Job has already finished\n"
