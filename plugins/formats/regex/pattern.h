/*
 * A pattern of PCRE2 with its named groups.
 *
 * Lines are matched by machine code where PCRE2 can make it, which it cannot where memory may not
 * be both written and executed; then by its interpreter, to the same result. A pattern of ASCII is
 * compiled twice, for lines in ASCII and for others: the first is faster, and no line can tell.
 */
#ifndef REGEX_PATTERN_H
#define REGEX_PATTERN_H

#include <streamd/context.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* Steps that a match may take: about 10 ms. */
enum { REGEX_MATCH_LIMIT = 1000000 };

struct regex_pattern {
    pcre2_general_context *memory;
    pcre2_code *utf8, *ascii; /* ascii: NULL where all lines go to the other */
    pcre2_match_context *context;
    pcre2_match_data *match;
    pcre2_jit_stack *stack;
    int has_jit;
};

/* Why a pattern does not compile. */
struct regex_fault {
    size_t at; /* byte of the pattern */
    char message[160];
};

/* Compiles a pattern, with memory of the context, or of malloc where `c` is NULL. 0,
   STREAMD_E_INVALID with the fault, or STREAMD_E_NOMEM. Released with regex_pattern_clear in all
   cases. */
int regex_pattern_init(struct regex_pattern *p, struct streamd_context *c, const char *text,
                       struct regex_fault *fault);
void regex_pattern_clear(struct regex_pattern *p);

/* How many names there are; the i-th, with the number of its group. One name may come twice, with
   different numbers, where the pattern allows that. */
uint32_t regex_pattern_name_count(const struct regex_pattern *p);
const char *regex_pattern_name(const struct regex_pattern *p, uint32_t i, uint32_t *group);

/*
 * Searches a line, which must be UTF-8. 0 where it matches: group k then is the bytes offsets[2k]
 * to offsets[2k + 1] of the line, PCRE2_UNSET both where the group took no part; they are valid
 * until the next call. STREAMD_ROW_NO_MATCH, or STREAMD_ROW_MATCH_LIMIT.
 */
int regex_pattern_match(struct regex_pattern *p, const uint8_t *line, size_t length, int ascii,
                        const size_t **offsets);

#endif
