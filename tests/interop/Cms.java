// SPDX-License-Identifier: BSD-2-Clause
// Copyright (c) 2026, the countersign authors

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Security;
import java.security.spec.PKCS8EncodedKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * CMS by BouncyCastle, for tests/regress/ed25519.sh; all files are DER.
 *
 * <pre>
 * Cms verify CMS CERT CONTENT        writes what was signed
 * Cms sign ALG KEY CERT TYPE TBS CMS
 * </pre>
 */
final class Cms {
	static void verify(String[] a) throws Exception {
		CMSSignedData cms = new CMSSignedData(read(a[1]));
		X509CertificateHolder cert = new X509CertificateHolder(
		    read(a[2]));
		PublicKey key = BouncyCastleProvider.getPublicKey(
		    cert.getSubjectPublicKeyInfo());
		int n = 0;

		for (SignerInformation s : cms.getSignerInfos()) {
			n++;
			if (!s.getSID().match(cert))
				throw new Exception("another signer");
			if (!s.verify(new JcaSimpleSignerInfoVerifierBuilder()
			    .setProvider("BC").build(key)))
				throw new Exception("not valid");
		}
		if (n != 1)
			throw new Exception(n + " signers");
		Files.write(Path.of(a[3]),
		    (byte[]) cms.getSignedContent().getContent());
	}

	static void sign(String[] a) throws Exception {
		String kind = a[1].startsWith("Ed") ? a[1] : "RSA";
		PrivateKey key = KeyFactory.getInstance(kind, "BC")
		    .generatePrivate(new PKCS8EncodedKeySpec(read(a[2])));
		CMSSignedDataGenerator g = new CMSSignedDataGenerator();

		g.addSignerInfoGenerator(
		    new JcaSimpleSignerInfoGeneratorBuilder()
		    .setProvider("BC").build(a[1], key,
		    new X509CertificateHolder(read(a[3]))));
		Files.write(Path.of(a[6]), g.generate(
		    new CMSProcessableByteArray(new ASN1ObjectIdentifier(a[4]),
		    read(a[5])), true).toASN1Structure().getEncoded("DER"));
	}

	static byte[] read(String path) throws Exception {
		return Files.readAllBytes(Path.of(path));
	}

	public static void main(String[] a) throws Exception {
		Security.addProvider(new BouncyCastleProvider());
		if (a[0].equals("verify"))
			verify(a);
		else
			sign(a);
	}
}
