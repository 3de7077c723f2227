/*
 * streamd/convert.h - values to text and back: the one place where text forms are defined.
 *
 * Formats, expressions and sinks print and read numbers, times and bytes through these functions,
 * so that a value looks the same wherever it is written. All of them are pure: no allocation, no
 * locale, no errno, no state; any thread.
 *
 * print: writes at most the number of bytes that stands with the function to `out`, without a NUL,
 *        and returns how many. The room must be there even where the value is short.
 * parse: reads exactly the bytes [p, p + n), never one beside them; blanks around the value are an
 *        error (streamd_trim takes them off). Answers 0 and sets the value, or answers an enum
 *        streamd_row_code (STREAMD_ROW_CAST: not a value of the type; STREAMD_ROW_RANGE: a value
 *        that the type cannot hold) and leaves the value alone.
 *
 *   convert_number.h   int64, decimal, 128-bit integers
 *   convert_float.h    float64
 *   convert_time.h     timestamp, date, the calendar
 *   convert_bytes.h    base64, hexadecimal
 */
#ifndef STREAMD_CONVERT_H
#define STREAMD_CONVERT_H

#include <streamd/convert_bytes.h>
#include <streamd/convert_float.h>
#include <streamd/convert_number.h>
#include <streamd/convert_time.h>

#endif
