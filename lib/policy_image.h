/*
 * Between policy.c and policy_db.c only: parts of an image are verified when
 * they are first touched, so that a lookup costs the same at any size.
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy.h"

/* Whether the bytes from at are inside the image and undamaged. */
bool image_verify(struct policy_image *, const void *at, size_t size);
void image_damage(struct policy_image *);
bool image_damaged(const struct policy_image *);
void image_free(struct policy_image *);

#endif
