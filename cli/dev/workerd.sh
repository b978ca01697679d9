#!/bin/sh
# Becomes workerd, and has the kernel end it with whoever started it; tether.ts sets the variable.
exec setpriv --pdeathsig KILL "$HEDDLE_WORKERD" "$@"
