/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FIDO2NODE_H
#define CS_SIGNER_FIDO2NODE_H

#include "base/buf.h"

/* Device nodes of security keys that this process may not open. */

/* Does a HID report descriptor begin with the usage page of FIDO? */
bool cs_fido_is_descriptor(cs_span descriptor);
/* The udev rule for a device, of its parent's uevent file; without a line
 * HID_ID= that can be read: for all that udev takes for security keys. */
CS_USE int cs_fido_rule(cs_span uevent, cs_buf *out);
/* Appends a sentence with the first such node and the rule to install, or
 * nothing when there is none. */
CS_USE int cs_fido_denied(cs_buf *out);

#endif
