/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/privkey.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "crypt/ossl.h"
#include "crypt/privkeyp.h"
#include "fmt/reason.h"

static const char where[] = "crypt/keyfile";

/* Cursor over lines; a line is without its end. */
static bool
next_line(cs_span *in, cs_span *line)
{
	const uint8_t *nl;

	if (in->n == 0)
		return false;
	nl = memchr(in->p, '\n', in->n);
	*line = cs_span_of(in->p, nl == NULL ? in->n : (size_t)(nl - in->p));
	*in = cs_span_cut(*in, nl == NULL ? in->n : line->n + 1,
	    nl == NULL ? 0 : in->n - line->n - 1);
	while (line->n > 0 && memchr("\r\t ", line->p[line->n - 1], 3) != NULL)
		line->n--;
	return true;
}

/* "-----BEGIN ... PRIVATE KEY-----", with or without the words between. */
static bool
is_mark(cs_span line, const char *begin)
{
	static const char end[] = "PRIVATE KEY-----";
	const size_t nb = strlen(begin), ne = sizeof(end) - 1;

	return line.n >= nb + ne &&
	    cs_span_is(cs_span_cut(line, 0, nb), begin) &&
	    cs_span_is(cs_span_cut(line, line.n - ne, ne), end);
}

/* The one block of a private key, from its first dash to the end of the text.
 * Two would leave the choice to chance. */
static int
find_block(cs_span pem, cs_span *block, cs_err *e)
{
	cs_span rest = pem, line;
	unsigned begun = 0, ended = 0;

	while (next_line(&rest, &line)) {
		if (is_mark(line, "-----BEGIN ") && begun++ == 0)
			*block = cs_span_cut(pem, (size_t)(line.p - pem.p),
			    pem.n - (size_t)(line.p - pem.p));
		if (is_mark(line, "-----END ") && begun != 0)
			ended++;
	}
	if (begun == 0)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "no private key in PEM is there");
	if (begun != 1 || ended != 1)
		return CS_BAD(e, CS_R_MALFORMED, where,
		    "expected one private key, found %u begun and %u ended",
		    begun, ended);
	return CS_OK;
}

struct asking {
	const cs_ui *ui;
	const char *what;
	cs_buf *pass; /* the one answer; OpenSSL may ask for it again */
	bool asked;
	int rc;
	cs_err *e;
};

static int
ask(struct asking *a)
{
	const struct cs_pin_ask q = {.what = a->what, .tries_left = -1};

	a->asked = true;
	if (a->ui == NULL || a->ui->pin == NULL)
		return cs_fail(a->e, CS_ENEEDED, where,
		    "the key is encrypted and nobody can be asked for its "
		    "passphrase");
	return a->ui->pin(a->ui->arg, &q, &a->pass, a->e);
}

static int
passphrase(char *buf, int size, int rwflag, void *arg)
{
	struct asking *a = arg;
	cs_span s;

	(void)rwflag;
	if (!a->asked)
		a->rc = ask(a);
	if (a->rc != CS_OK)
		return -1;
	s = cs_buf_span(a->pass);
	if (s.n == 0 || s.n > (size_t)size) {
		a->rc = cs_fail(a->e, CS_EAUTH, where,
		    "a passphrase has 1 to %d bytes", size);
		return -1;
	}
	memcpy(buf, s.p, s.n);
	return (int)s.n;
}

static int
why_not(const struct asking *a, cs_err *e)
{
	if (a->rc != CS_OK) {
		ERR_clear_error();
		return a->rc; /* ask() wrote the text */
	}
	if (a->asked)
		return cs_ossl_refuse(e, CS_EAUTH, 0, where,
		    "the passphrase is wrong, or the key is broken");
	return cs_ossl_refuse(e, CS_EFORMAT, CS_R_MALFORMED, where,
	    "the private key cannot be read");
}

int
cs_privkey_read(cs_span pem, const cs_ui *ui, const char *what,
    cs_privkey **out, cs_err *e)
{
	struct asking a = {.ui = ui, .what = what, .e = e};
	EVP_PKEY *pkey = NULL;
	cs_span block;
	BIO *bio;
	int rc;

	*out = NULL;
	if (pem.n > CS_KEYFILE_MAX)
		return CS_BAD(e, CS_R_TOO_LARGE, where,
		    "expected at most %d bytes, found %zu", CS_KEYFILE_MAX,
		    pem.n);
	if ((rc = find_block(pem, &block, e)) != CS_OK)
		return rc;
	ERR_clear_error();
	if ((bio = BIO_new_mem_buf(block.p, (int)block.n)) == NULL)
		return cs_nomem(e, where);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, passphrase, &a);
	if (pkey == NULL)
		rc = why_not(&a, e);
	else
		rc = cs_privkey_wrap(&pkey, out, e);
	ERR_clear_error();
	EVP_PKEY_free(pkey);
	BIO_free(bio);
	cs_buf_free(&a.pass);
	return rc;
}

/* The modes that let somebody else replace the key, or read it. */
static int
check_mode(int fd, const char *path, const cs_ui *ui, cs_err *e)
{
	char text[PATH_MAX + 64];
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return CS_OK;
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return cs_fail(e, CS_EREFUSED, where,
		    "%s: others may write this key (mode %03o, expected 600)",
		    path, (unsigned)st.st_mode & 0777);
	if ((st.st_mode & (S_IRGRP | S_IROTH)) == 0 || ui == NULL ||
	    ui->notice == NULL)
		return CS_OK;
	(void)snprintf(text, sizeof(text),
	    "warning: %s: others may read this private key (mode %03o)", path,
	    (unsigned)st.st_mode & 0777);
	ui->notice(ui->arg, text);
	return CS_OK;
}

int
cs_privkey_load(const char *path, const cs_ui *ui, cs_privkey **out, cs_err *e)
{
	char what[256];
	cs_buf *pem = NULL;
	int fd, rc;

	*out = NULL;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return cs_fail(e, errno == ENOENT ? CS_EDEVICE : CS_EIO, where,
		    "%s: %s", path, strerror(errno));
	if ((rc = check_mode(fd, path, ui, e)) == CS_OK)
		rc = cs_fd_read_all(fd, CS_KEYFILE_MAX, true, &pem, e);
	(void)close(fd);
	if (rc != CS_OK)
		return rc;
	(void)snprintf(what, sizeof(what), "passphrase for %s", path);
	rc = cs_privkey_read(cs_buf_span(pem), ui, what, out, e);
	cs_buf_free(&pem);
	if (rc == CS_EFORMAT)
		return cs_wrap(e, "%s", path);
	return rc;
}

static int
copy_secret(BIO *bio, cs_buf **out, cs_err *e)
{
	char *p = NULL;
	const long n = BIO_get_mem_data(bio, &p);

	if (n <= 0 || p == NULL)
		return cs_ossl_fail(e, where, "cannot write a private key");
	if ((*out = cs_secret_new((size_t)n)) == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put(*out, cs_span_of(p, (size_t)n)) != CS_OK) {
		cs_buf_free(out);
		return cs_fail(e, CS_EBUG, where, "no room for a private key");
	}
	return CS_OK;
}

int
cs_privkey_write(const cs_privkey *k, cs_buf **out, cs_err *e)
{
	BIO *bio;
	int rc;

	*out = NULL;
	ERR_clear_error();
	if ((bio = BIO_new(BIO_s_secmem())) == NULL)
		return cs_nomem(e, where);
	if (PEM_write_bio_PKCS8PrivateKey(bio, k->pkey, NULL, NULL, 0, NULL,
	    NULL) != 1)
		rc = cs_ossl_fail(e, where, "cannot write a private key");
	else
		rc = copy_secret(bio, out, e);
	BIO_free(bio);
	return rc;
}
