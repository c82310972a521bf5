# What an earlier run left must not pass for new.
{{remove}}"$python" {{script}} > {{log}}
