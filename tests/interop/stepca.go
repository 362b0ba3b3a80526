// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors

// Stepca makes what step-ca would, in the way of its own source: by Go's
// text/template, encoding/json and crypto/x509 (smallstep/crypto's x509util).
//
//	stepca init NAME: NAME-root.pem, NAME.pem and NAME.key, an intermediate as
//	    `step ca init` makes one
//	stepca sign NAME TEMPLATE ANSWER CSR [WHAT]: the certificate in PEM, of what
//	    the ENRICHING webhook has answered; WHAT else step-ca adds when it is
//	    told to: extension, subject, issuing-url, crl-url
//	stepca list NAME SERIAL...: the revocation list in PEM
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/template"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(name string) []byte {
	b, err := os.ReadFile(name)
	must(err)
	return b
}

func unpem(name string) []byte {
	block, _ := pem.Decode(read(name))
	if block == nil {
		must(fmt.Errorf("%s: no PEM", name))
	}
	return block.Bytes
}

func put(name, kind string, der []byte) {
	must(os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind,
		Bytes: der}), 0o600))
}

func show(kind string, der []byte) {
	must(pem.Encode(os.Stdout, &pem.Block{Type: kind, Bytes: der}))
}

// x509util.GenerateSubjectKeyID
func keyID(pub interface{}) []byte {
	der, err := x509.MarshalPKIXPublicKey(pub)
	must(err)
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	_, err = asn1.Unmarshal(der, &info)
	must(err)
	hash := sha1.Sum(info.Key.Bytes)
	return hash[:]
}

func number() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	must(err)
	return n
}

func newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return k
}

// As the templates of x509util have a root and an intermediate.
func newCA(name string, pathLen int, pub, parentKey *ecdsa.PrivateKey,
	parent *x509.Certificate) *x509.Certificate {
	c := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Corp"},
			CommonName: name},
		SerialNumber: number(), SubjectKeyId: keyID(pub.Public()),
		NotBefore: time.Now().Add(-time.Minute),
		NotAfter:  time.Now().AddDate(10, 0, 0),
		KeyUsage:  x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:      true, BasicConstraintsValid: true,
		MaxPathLen: pathLen, MaxPathLenZero: pathLen == 0,
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub.Public(),
		parentKey)
	must(err)
	c, err = x509.ParseCertificate(der)
	must(err)
	return c
}

func initialize(name string) {
	rootKey, key := newKey(), newKey()
	root := newCA("Corp Root CA", 1, rootKey, rootKey, nil)
	ca := newCA("Corp Intermediate CA", 0, key, rootKey, root)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	put(name+"-root.pem", "CERTIFICATE", root.Raw)
	put(name+".pem", "CERTIFICATE", ca.Raw)
	put(name+".key", "PRIVATE KEY", der)
}

func load(name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	ca, err := x509.ParseCertificate(unpem(name + ".pem"))
	must(err)
	key, err := x509.ParsePKCS8PrivateKey(unpem(name + ".key"))
	must(err)
	return ca, key.(*ecdsa.PrivateKey)
}

// What x509util.Certificate decodes, as far as the template goes.
type certificate struct {
	Subject          map[string]string `json:"subject"`
	URIs             []string          `json:"uris"`
	SerialNumber     string            `json:"serialNumber"`
	NotBefore        time.Time         `json:"notBefore"`
	NotAfter         time.Time         `json:"notAfter"`
	KeyUsage         []string          `json:"keyUsage"`
	ExtKeyUsage      []string          `json:"extKeyUsage"`
	BasicConstraints struct {
		IsCA bool `json:"isCA"`
	} `json:"basicConstraints"`
	PolicyIdentifiers []string `json:"policyIdentifiers"`
	Extensions        []struct {
		ID       string `json:"id"`
		Critical bool   `json:"critical"`
		Value    []byte `json:"value"`
	} `json:"extensions"`
}

func apply(name, answer string) *certificate {
	var said struct {
		Allow bool                   `json:"allow"`
		Data  map[string]interface{} `json:"data"`
	}
	must(json.Unmarshal(read(answer), &said))
	t := template.New("agent").Funcs(template.FuncMap{
		"toJson": func(v interface{}) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		}})
	t, err := t.Parse(string(read(name)))
	must(err)
	var text bytes.Buffer
	must(t.Execute(&text, map[string]interface{}{
		"Webhooks": map[string]interface{}{"countersign": said.Data}}))
	d := json.NewDecoder(&text)
	d.DisallowUnknownFields()
	c := new(certificate)
	must(d.Decode(c))
	return c
}

func oid(text string) (out asn1.ObjectIdentifier) {
	for _, arc := range strings.Split(text, ".") {
		n, err := strconv.Atoi(arc)
		must(err)
		out = append(out, n)
	}
	return out
}

// Certificate.GetCertificate
func (c *certificate) template() *x509.Certificate {
	serial, good := new(big.Int).SetString(c.SerialNumber, 0)
	if !good || len(c.Subject) != 0 || c.BasicConstraints.IsCA ||
		strings.Join(c.KeyUsage, " ") != "digitalSignature" {
		must(fmt.Errorf("the template: %v", c))
	}
	x := &x509.Certificate{SerialNumber: serial, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true}
	uses := map[string]x509.ExtKeyUsage{
		"serverAuth": x509.ExtKeyUsageServerAuth,
		"clientAuth": x509.ExtKeyUsageClientAuth}
	for _, use := range c.ExtKeyUsage {
		x.ExtKeyUsage = append(x.ExtKeyUsage, uses[use])
	}
	for _, uri := range c.URIs {
		u, err := url.Parse(uri)
		must(err)
		x.URIs = append(x.URIs, u)
	}
	for _, policy := range c.PolicyIdentifiers {
		x.PolicyIdentifiers = append(x.PolicyIdentifiers, oid(policy))
	}
	for _, e := range c.Extensions {
		x.ExtraExtensions = append(x.ExtraExtensions, pkix.Extension{
			Id: oid(e.ID), Critical: e.Critical, Value: e.Value})
	}
	return x
}

func add(x *x509.Certificate, what string) {
	switch what {
	case "extension":
		x.ExtraExtensions = append(x.ExtraExtensions, pkix.Extension{
			Id:    oid("1.3.6.1.4.1.37476.9000.64.1"),
			Value: []byte{0x30, 0}})
	case "subject":
		x.Subject.Organization = []string{"Corp"}
	case "issuing-url":
		x.IssuingCertificateURL = []string{"http://ca.corp.example/ca"}
	case "crl-url":
		x.CRLDistributionPoints = []string{
			"https://ca.corp.example/1.0/crl"}
	default:
		must(fmt.Errorf("%s is nothing to add", what))
	}
}

func sign(name, tpl, answer, request string, more []string) {
	ca, key := load(name)
	csr, err := x509.ParseCertificateRequest(read(request))
	must(err)
	must(csr.CheckSignature())
	x := apply(tpl, answer).template()
	for _, what := range more {
		add(x, what)
	}
	x.SubjectKeyId = keyID(csr.PublicKey)
	der, err := x509.CreateCertificate(rand.Reader, x, ca, csr.PublicKey,
		key)
	must(err)
	show("CERTIFICATE", der)
}

// Authority.GenerateCertificateRevocationList
func list(name string, serials []string) {
	ca, key := load(name)
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now(),
		NextUpdate: time.Now().Add(time.Hour)}
	for _, text := range serials {
		n, good := new(big.Int).SetString(text, 16)
		if !good {
			must(fmt.Errorf("%s is no serial number", text))
		}
		l.RevokedCertificates = append(l.RevokedCertificates,
			pkix.RevokedCertificate{SerialNumber: n,
				RevocationTime: time.Now()})
	}
	uri := []byte("https://ca.corp.example/1.0/crl")
	value := append([]byte{0x86, byte(len(uri))}, uri...)
	for _, tag := range []byte{0xa0, 0xa0, 0x30} {
		value = append([]byte{tag, byte(len(value))}, value...)
	}
	l.ExtraExtensions = []pkix.Extension{{Id: oid("2.5.29.28"),
		Critical: true, Value: value}}
	der, err := x509.CreateRevocationList(rand.Reader, l, ca, key)
	must(err)
	show("X509 CRL", der)
}

func main() {
	a := os.Args[1:]
	switch {
	case len(a) == 2 && a[0] == "init":
		initialize(a[1])
	case len(a) >= 5 && a[0] == "sign":
		sign(a[1], a[2], a[3], a[4], a[5:])
	case len(a) >= 2 && a[0] == "list":
		list(a[1], a[2:])
	default:
		must(fmt.Errorf("usage: stepca init|sign|list NAME ..."))
	}
}
