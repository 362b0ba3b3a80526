{
	"subject": {},
	"uris": [{{ toJson .Webhooks.countersign.agent }}],
	"serialNumber": {{ toJson .Webhooks.countersign.serialNumber }},
	"notBefore": {{ toJson .Webhooks.countersign.notBefore }},
	"notAfter": {{ toJson .Webhooks.countersign.notAfter }},
	"keyUsage": ["digitalSignature"],
	"extKeyUsage": ["serverAuth", "clientAuth"],
	"basicConstraints": {"isCA": false},
	"policyIdentifiers": {{ toJson .Webhooks.countersign.policies }},
	"extensions": {{ toJson .Webhooks.countersign.extensions }}
}
