#!/bin/sh
# Slurm: a sweep in eight parts on one shared folder, merged when all are done. Submit with
#
#   sbatch docs/examples/sweep-slurm.sh docs/examples/severity.toml
#
# A part that runs into its time limit or is killed is submitted again as it is: what is done is not done again.
#SBATCH --job-name=perfuse-sweep
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --output=sweep-%A-%a.log
set -eu
sweep=$1
name=$(basename "$sweep" .toml)

# perfuse sweep finds its part from SLURM_ARRAY_TASK_ID and what goes with it.
RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1} perfuse sweep "$sweep" --device cpu --jobs "${SLURM_CPUS_PER_TASK:-1}" \
    --out "results/$name" || echo "part ${SLURM_ARRAY_TASK_ID} ended with $?"

# The last task merges; it asks until no run is missing.
if [ "${SLURM_ARRAY_TASK_ID}" = "${SLURM_ARRAY_TASK_MAX:-8}" ]; then
    until [ "$(perfuse sweep "$sweep" --device cpu --out "results/$name" --collect --json -q 2>/dev/null |
        grep -c '"status": "missing"')" = 0 ]; do
        sleep "${PERFUSE_WAIT:-60}"
    done
    perfuse sweep "$sweep" --device cpu --out "results/$name" --collect
fi
