#!/bin/bash
#PJM -N pjm-s-0
#PJM --rsc-list "elapse=100:00:00"
#PJM -L "node=2"
#PJM -o share-0.out
#PJM -e share-0.err
#PJM -S
#PJM --spath share-0.stats

export COMMA=a,b
export EMPTY=''
export JAPANESE='富岳'
export LINES='a
b'
export QUOTES='"'"'"'`$(id)`'
export PYTEST_PJM_FOLDER='/a b/,/%j/-x'
export PYTEST_PJM_SHARE=0
cd -- '/a b/$(id)/'"'"'/富岳' || exit 125
# At the elapse limit the signal goes to this shell as well, which has to wait for pytest's last words.
trap : XCPU TERM
python3 -c 'import os, sys; sys.path[:] = [each for each in sys.path if each and each != os.getcwd()]; from pjm.job.worker import main; sys.exit(main())'
exit $?
