#!/bin/bash
#PJM -N pjm-s-0
#PJM --rsc-list "elapse=00:30:00"
#PJM --rsc-list "rscgrp=small"
#PJM -L "node=1"
#PJM -g hp000000
#PJM -x PJM_LLIO_GFSCACHE=/vol0003:/vol0004
#PJM -x OMP_NUM_THREADS=48
#PJM -o share-0.out
#PJM -e share-0.err
#PJM -S
#PJM --spath share-0.stats

export PYTEST_PJM_FOLDER=/vol0001/data/hp000000/u00000/project/.pjm/s/jobs/pjm-s-0
export PYTEST_PJM_SHARE=0
export PATH=/home/apps/oss/TensorFlow-2.2.0/bin:$PATH
export LD_LIBRARY_PATH=/lib64:$LD_LIBRARY_PATH
cd -- /vol0001/data/hp000000/u00000/project || exit 125
# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.
trap : XCPU TERM
/vol0001/data/hp000000/u00000/venv/bin/python -c 'import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; from pjm.job.worker import main; sys.exit(main())'
exit $?
