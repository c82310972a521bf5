# What an earlier run left must not pass for new. WHEEL waits for ever for a file that is missing, so one is empty.
rm -f run.json param.hdf5 model.h5
: > learn.log || exit 1
"$python" -m mnist_repro train {{recipe}} --seed {{seed}} --scale {{scale}} --arithmetic {{arithmetic}} \
    --data {{data}} --out .
