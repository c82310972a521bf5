#!/bin/bash
#SBATCH --job-name=pjm-s-0
#SBATCH --nodes=2
#SBATCH --time=30
#SBATCH --ntasks=7
#SBATCH --ntasks-per-node=4
#SBATCH --output=share-0.out
#SBATCH --error=share-0.err
#SBATCH --open-mode=truncate

export PYTEST_PJM_FOLDER=/vol0001/data/hp000000/u00000/project/.pjm/s/jobs/pjm-s-0
export PYTEST_PJM_SHARE=0
export PATH=/home/apps/oss/TensorFlow-2.2.0/bin:$PATH
export LD_LIBRARY_PATH=/lib64:$LD_LIBRARY_PATH
cd -- /vol0001/data/hp000000/u00000/project || exit 125
# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.
trap : XCPU TERM
/vol0001/data/hp000000/u00000/venv/bin/python -c 'import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; from pjm.job.worker import main; sys.exit(main())'
exit $?
