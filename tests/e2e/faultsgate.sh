# SPDX-License-Identifier: ISC
# The same for the gate, as faults.sh: it has real connections, which the table
# of the policy turns around.
# runs: once
FAULTS=--gate
. "$(dirname "$0")/faults.sh"
