# What an earlier run left must not pass for new. WHEEL waits for ever for a folder that is missing.
rm -rf verdict
mkdir verdict || exit 1
"$python" -m mnist_repro judge . --baselines baselines --out verdict
code=$?
"$python" -m mnist_repro report . --baselines baselines --gate verdict --data {{data}} --out verdict
drawn=$?
exit $((code ? code : drawn))
