/* The fast path for any machine. */
#include "kernel_base.h"

#define KERNEL_TARGET
#define RUN_NAME csv_run_base

#include "run_template.h"
