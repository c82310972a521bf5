#!/bin/bash
#PJM --rsc-list "elapse=01:00:00"
#PJM -L "node=1"
#PJM -x PJM_LLIO_GFSCACHE=/vol0004:/vol0005
#PJM -g hp000000
# Written by mnist-repro wheel. Nothing comes from WHEEL or from a shell: all that the job needs stands here.
python='/vol0004/data/it'"'"'s/bin/python'
unset ${!MNIST_REPRO_@} ${!PYTHON@}
prefix=${python%/bin/*}
# A virtual environment uses the libraries of the Python that it was made from.
if [ -f "$prefix/pyvenv.cfg" ]; then
    prefix=$(sed -n 's|^home = \(.*\)/bin$|\1|p' "$prefix/pyvenv.cfg")
fi
export PATH="${python%/*}:/usr/local/bin:/usr/bin:/bin"
export LD_LIBRARY_PATH="$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# PJM sends SIGXCPU at the elapse limit. Without this line the exit code would be 0, and WHEEL would go on.
trap 'echo "run.sh: the job reached its elapse limit" >&2; exit 1' XCPU

# What an earlier run left must not pass for new. WHEEL waits for ever for a file that is missing, so one is empty.
rm -f run.json param.hdf5 model.h5
: > learn.log || exit 1
"$python" -m mnist_repro train wheel-softmax --seed 0 --scale full --arithmetic original \
    --data '/vol0004/data/mnist digits' --out .
