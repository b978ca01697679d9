// Owns what stands in dev where the platform would say who visits: the same fixed `request.cf` for every request.
import { CF_HEADER } from "./runtime-config.ts";

/**
 * `request.cf` of every request from outside: the members and values that `wrangler dev` has when it may ask nobody. A
 * Worker of a mesh gets it where its caller hands it on, as it does bare.
 */
export const VISITOR_CF = {
  asOrganization: "",
  asn: 395_747,
  colo: "DFW",
  city: "Austin",
  region: "Texas",
  regionCode: "TX",
  metroCode: "635",
  postalCode: "78701",
  country: "US",
  continent: "NA",
  timezone: "America/Chicago",
  latitude: "30.27130",
  longitude: "-97.74260",
  clientTcpRtt: 0,
  httpProtocol: "HTTP/1.1",
  requestPriority: "weight=192;exclusive=0",
  tlsCipher: "AEAD-AES128-GCM-SHA256",
  tlsVersion: "TLSv1.3",
  tlsClientAuth: {
    certPresented: "0",
    certVerified: "NONE",
    certRevoked: "0",
    certIssuerDN: "",
    certSubjectDN: "",
    certIssuerDNRFC2253: "",
    certSubjectDNRFC2253: "",
    certIssuerDNLegacy: "",
    certSubjectDNLegacy: "",
    certSerial: "",
    certIssuerSerial: "",
    certSKI: "",
    certIssuerSKI: "",
    certFingerprintSHA1: "",
    certFingerprintSHA256: "",
    certNotBefore: "",
    certNotAfter: "",
    certRFC9440: "",
    certRFC9440TooLarge: false,
    certChainRFC9440: "",
    certChainRFC9440TooLarge: false,
  },
  edgeRequestKeepAliveStatus: 0,
  clientTrustScore: 99,
  botManagement: {
    corporateProxy: false,
    verifiedBot: false,
    ja3Hash: "25b4882c2bcb50cd6b469ff28c596742",
    staticResource: false,
    detectionIds: [],
    score: 99,
  },
};

/** Headers that the loopback ports add for it: the runtime takes them off, and a client's own are dropped. */
export const VISITOR_HEADERS: Readonly<Record<string, string>> = {
  [CF_HEADER]: JSON.stringify(VISITOR_CF),
};
