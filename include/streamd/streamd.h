/* streamd/streamd.h - the whole plugin ABI in one include. Start reading at plugin.h. */
#ifndef STREAMD_STREAMD_H
#define STREAMD_STREAMD_H

#include <streamd/arrow.h>
#include <streamd/backend.h>
#include <streamd/format.h>
#include <streamd/function.h>
#include <streamd/operator.h>
#include <streamd/source.h>

#endif
