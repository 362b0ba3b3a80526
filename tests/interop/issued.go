// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors

// Issued judges what tests/host/issue wrote to a folder, as Go's crypto/x509
// does. usage: issued DIR OID, the OID of id-pe-ownerBindings
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

var dir string

func must(good bool, format string, args ...interface{}) {
	if !good {
		fmt.Printf("refused: "+format+"\n", args...)
		os.Exit(1)
	}
}

func read(name string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, name))
	must(err == nil, "%s: %v", name, err)
	return b
}

func cert(name string) *x509.Certificate {
	block, _ := pem.Decode(read(name))
	must(block != nil, "%s: no PEM", name)
	c, err := x509.ParseCertificate(block.Bytes)
	must(err == nil, "%s: %v", name, err)
	return c
}

func verify(c *x509.Certificate, roots *x509.CertPool, host string,
	use x509.ExtKeyUsage) error {
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, DNSName: host,
		CurrentTime: time.Now(),
		KeyUsages:   []x509.ExtKeyUsage{use}})
	return err
}

func checkLeaf(c *x509.Certificate, roots *x509.CertPool) {
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth,
		x509.ExtKeyUsageServerAuth} {
		err := verify(c, roots, "", use)
		must(err == nil, "credential, use %v: %v", use, err)
	}
	must(verify(c, roots, "", x509.ExtKeyUsageCodeSigning) != nil,
		"a credential that signs code")
	must(len(c.URIs) == 1 && len(c.DNSNames) == 0, "names %v", c.URIs)
	must(len(c.UnhandledCriticalExtensions) == 0, "unhandled")
	must(!c.IsCA && c.BasicConstraintsValid, "a CA")
	must(c.KeyUsage == x509.KeyUsageDigitalSignature, "usage")
	must(len(c.PolicyIdentifiers) >= 1, "no policy")
	must(len(c.CRLDistributionPoints) == 1, "no distribution point")
}

func checkBindings(c *x509.Certificate, oid string) {
	for _, x := range c.Extensions {
		if x.Id.String() == oid {
			must(bytes.Equal(x.Value, read("bindings.der")),
				"other bindings")
			must(!x.Critical, "critical bindings")
			return
		}
	}
	must(false, "no bindings")
}

func main() {
	dir = os.Args[1]
	ca, leaf, ended := cert("ca.pem"), cert("leaf.pem"), cert("ended.pem")
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	checkLeaf(leaf, roots)
	checkBindings(leaf, os.Args[2])
	must(verify(cert("tls.pem"), roots, "id.corp.example",
		x509.ExtKeyUsageServerAuth) == nil, "the server's certificate")
	crl, err := x509.ParseRevocationList(read("crl.der"))
	must(err == nil, "list: %v", err)
	err = crl.CheckSignatureFrom(ca)
	must(err == nil, "list: %v", err)
	must(len(crl.RevokedCertificates) == 1 && crl.Number.Sign() == 1,
		"list: entries")
	must(crl.RevokedCertificates[0].SerialNumber.Cmp(ended.SerialNumber) ==
		0, "list: another serial number")
	fmt.Println("read", leaf.URIs[0])
}
