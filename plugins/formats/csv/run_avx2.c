/* The fast path for machines with AVX2. Empty on others. */
#if defined(__x86_64__)

#include "kernel_avx2.h"

#define RUN_NAME csv_run_avx2

#include "run_template.h"

#else

typedef int csv_run_avx2_is_for_x86_64;

#endif
