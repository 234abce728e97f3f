package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// to makes the value another one.
func to(value string) func(string) string { return func(string) string { return value } }

func plus(text string) func(string) string { return func(s string) string { return s + text } }

// escaped writes the byte at i as %XX.
func escaped(s string, i int) string {
	return s[:i] + "%" + strings.ToUpper(hex.EncodeToString([]byte{s[i]})) + s[i+1:]
}

var kinds = []kind{
	// The request line.
	{"method: another", anywhere, func(m *mutant) bool {
		old := m.r.Method
		m.r.Method = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"}[m.IntN(7)]
		return m.r.Method != old
	}},
	{"method: a letter in the other case", anywhere, func(m *mutant) bool { m.r.Method = m.recased(m.r.Method); return true }},
	{"host: a byte", anywhere, func(m *mutant) bool { old := m.r.Host; m.r.Host = m.swapped(old); return m.r.Host != old }},
	{"host: a letter in the other case", anywhere, func(m *mutant) bool { m.r.Host = m.recased(m.r.Host); return true }},
	{"host: a port", anywhere, func(m *mutant) bool { m.r.Host += ":" + strconv.Itoa(m.IntN(65536)); return true }},
	{"host: a dot at the end", anywhere, func(m *mutant) bool { m.r.Host += "."; return true }},
	{"host: a name in front", anywhere, func(m *mutant) bool { m.r.Host = "www." + m.r.Host; return true }},
	{"host: none", anywhere, func(m *mutant) bool { m.r.Host = ""; return true }},
	{"host: another beside it", anywhere, func(m *mutant) bool { m.r.Header["Host"] = []string{m.recased(m.r.Host)}; return true }},
	{"path: a byte", anywhere, func(m *mutant) bool { return m.path(m.swapped) }},
	{"path: a letter in the other case", anywhere, func(m *mutant) bool { return m.path(m.recased) }},
	{"path: a byte more", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { i := 1 + m.IntN(len(p)); return p[:i] + "x" + p[i:] })
	}},
	{"path: a byte less", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { i := m.pick(p, isLetter); return p[:i] + p[i+1:] })
	}},
	{"path: a segment less", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { return p[:strings.LastIndexByte(p, '/')] })
	}},
	{"path: a segment more", anywhere, func(m *mutant) bool { return m.path(plus("/x")) }},
	{"path: a slash at the end", anywhere, func(m *mutant) bool { return m.path(plus("/")) }},
	{"path: segments change places", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string {
			s := strings.Split(p, "/")
			i := 1 + m.IntN(len(s)-2)
			s[i], s[i+1] = s[i+1], s[i]
			return strings.Join(s, "/")
		})
	}},
	{"path: a slash doubled", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string {
			i := m.pick(p, func(b byte) bool { return b == '/' })
			return p[:i] + "/" + p[i:]
		})
	}},
	{"path: a dot segment", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string {
			i := m.pick(p, func(b byte) bool { return b == '/' })
			return p[:i] + "/." + p[i:]
		})
	}},
	{"path: up and down again", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string {
			i := m.pick(p, func(b byte) bool { return b == '/' })
			return p[:i] + "/x/.." + p[i:]
		})
	}},
	{"path: a letter escaped", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string {
			return escaped(p, m.pick(p, func(b byte) bool { return b > 'F' && isLetter(b) }))
		})
	}},
	{"path: an escape in lower case", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { return strings.Replace(p, "%3A", "%3a", 1) })
	}},
	{"path: an escape undone", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { return strings.Replace(p, "%3A", ":", 1) })
	}},
	{"path: an escaped slash undone", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { return strings.Replace(p, "%2F", "/", 1) })
	}},
	{"path: an escape escaped", anywhere, func(m *mutant) bool {
		return m.path(func(p string) string { return strings.Replace(p, "%", "%25", 1) })
	}},
	{"path: a parameter", anywhere, func(m *mutant) bool { return m.path(plus(";x=1")) }},
	{"path: rewritten behind the signature", anywhere, func(m *mutant) bool { m.r.URL.Path += "x"; return true }},
	{"the request line in absolute form", anywhere, func(m *mutant) bool { m.r.RequestURI = "http://" + m.r.Host + m.r.RequestURI; return true }},

	// The query.
	{"query: a byte of a value", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return n + "=" + v[:1] + strings.ReplaceAll(v[1:], "%", "x") })
	}},
	{"query: a value longer", anywhere, func(m *mutant) bool { return m.pair(func(n, v string) string { return n + "=" + v + "x" }) }},
	{"query: a value emptied", anywhere, func(m *mutant) bool { return m.pair(func(n, _ string) string { return n }) }},
	{"query: a name longer", anywhere, func(m *mutant) bool { return m.pair(func(n, v string) string { return n + "x=" + v }) }},
	{"query: a name in the other case", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return m.recased(n[:1]) + n[1:] + "=" + v })
	}},
	{"query: a pair more", anywhere, func(m *mutant) bool { return m.query(plus("&x=1")) }},
	{"query: an empty pair more", anywhere, func(m *mutant) bool { return m.query(plus("&=")) }},
	{"query: a pair doubled", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return n + "=" + v + "&" + n + "=" + v })
	}},
	{"query: a pair less", anywhere, func(m *mutant) bool { return m.pair(func(_, _ string) string { return "" }) }},
	{"query: none", anywhere, func(m *mutant) bool { return m.query(to("")) }},
	{"query: name and value change places", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return v + "=" + n })
	}},
	{"query: a pair cut in two", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return n + "=" + v[:1] + "&" + v[1:] })
	}},
	{"query: a semicolon", anywhere, func(m *mutant) bool { return m.query(plus(";x=1")) }},
	{"query: a broken escape", anywhere, func(m *mutant) bool {
		return m.pair(func(n, v string) string { return n + "=" + v + []string{"%", "%4", "%zz"}[m.IntN(3)] })
	}},
	{"query: a plus that was one becomes a space", anywhere, func(m *mutant) bool {
		return m.query(func(q string) string { return strings.Replace(q, "%2B", "+", 1) })
	}},
	{"query: a space becomes a plus", anywhere, func(m *mutant) bool {
		return m.query(func(q string) string { return strings.Replace(q, "%20", "%2B", 1) })
	}},
	{"query: an escape escaped", anywhere, func(m *mutant) bool {
		return m.query(func(q string) string { return strings.Replace(q, "%2B", "%252B", 1) })
	}},
	{"query: rewritten behind the signature", anywhere, func(m *mutant) bool { m.r.URL.RawQuery += "&x"; return true }},

	// The body.
	{"body: a bit", anywhere, func(m *mutant) bool {
		return m.bytes(func(b []byte) []byte { b[m.IntN(len(b))] ^= 1 << m.IntN(8); return b })
	}},
	{"body: a byte more", anywhere, func(m *mutant) bool {
		return m.bytes(func(b []byte) []byte { return slices.Insert(b, m.IntN(len(b)+1), byte(m.IntN(256))) })
	}},
	{"body: a byte less", anywhere, func(m *mutant) bool {
		return m.bytes(func(b []byte) []byte { i := m.IntN(len(b)); return slices.Delete(b, i, i+1) })
	}},
	{"body: bytes change places", anywhere, func(m *mutant) bool {
		return m.bytes(func(b []byte) []byte { i := m.IntN(len(b) - 1); b[i], b[i+1] = b[i+1], b[i]; return b })
	}},
	{"body: a blank in front", anywhere, func(m *mutant) bool { return m.bytes(func(b []byte) []byte { return append([]byte(" "), b...) }) }},
	{"body: twice", anywhere, func(m *mutant) bool { return m.bytes(func(b []byte) []byte { return append(b, b...) }) }},
	{"body: none", anywhere, func(m *mutant) bool { return m.bytes(func([]byte) []byte { return nil }) }},
	{"body: another, and its right hash", anywhere, func(m *mutant) bool {
		m.body = append(m.body, ' ')
		digest := sha256.Sum256(m.body)
		m.r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
		return true
	}},
	{"body: unsigned payload", anywhere, func(m *mutant) bool {
		m.body = append(m.body, 'x')
		m.r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		return true
	}},
	{"body: a streaming mode", anywhere, func(m *mutant) bool {
		m.body = append(m.body, 'x')
		m.r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		return true
	}},
	{"body: unsigned payload by the query", anywhere, func(m *mutant) bool {
		m.body = append(m.body, 'x')
		return m.query(plus("&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"))
	}},

	// Headers.
	{"header: a byte", anywhere, func(m *mutant) bool { return m.header(m.signedHeader(), m.swapped) }},
	{"header: a letter in the other case", anywhere, func(m *mutant) bool { return m.header(m.signedHeader(), m.recased) }},
	{"header: longer", anywhere, func(m *mutant) bool { return m.header(m.signedHeader(), plus("x")) }},
	{"header: emptied", anywhere, func(m *mutant) bool { return m.header(m.signedHeader(), to("")) }},
	{"header: none", anywhere, func(m *mutant) bool { delete(m.r.Header, m.signedHeader()); return true }},
	{"header: twice", anywhere, func(m *mutant) bool {
		name := m.signedHeader()
		m.r.Header[name] = append(m.r.Header[name], m.r.Header[name][0])
		return true
	}},
	{"header: joined with itself", anywhere, func(m *mutant) bool {
		return m.header(m.signedHeader(), func(s string) string { return s + "," + s })
	}},
	{"header: without a value", anywhere, func(m *mutant) bool { m.r.Header[m.signedHeader()] = []string{}; return true }},
	{"header: a blank less", inHeader, func(m *mutant) bool {
		return m.header("X-Amz-Meta-Word", func(s string) string { return strings.Replace(s, " ", "", 1) })
	}},
	{"header: a tab for a blank", anywhere, func(m *mutant) bool {
		return m.header("X-Amz-Meta-Word", func(s string) string { return strings.Replace(s, " ", "\t", 1) })
	}},
	{"header: a parameter of the content type", anywhere, func(m *mutant) bool { return m.header("Content-Type", plus("; charset=utf-8")) }},
	{"header: the length", anywhere, func(m *mutant) bool {
		m.r.Header["Content-Length"] = []string{strconv.Itoa(len(m.body) + 1 + m.IntN(100))}
		return true
	}},
	{"header: the length twice", anywhere, func(m *mutant) bool {
		l := strconv.Itoa(len(m.body))
		m.r.Header["Content-Length"] = []string{l, l}
		return true
	}},
	{"header: an x-amz header nobody signed", anywhere, func(m *mutant) bool {
		m.r.Header["X-Amz-"+m.swapped("Target")+"X"] = []string{"x"}
		return true
	}},
	{"header: an x-amz header nobody signed, in odd case", anywhere, func(m *mutant) bool {
		m.r.Header["x-aMz-"+m.recased("target")] = []string{"x"}
		return true
	}},
	{"header: a session token", anywhere, func(m *mutant) bool { m.r.Header["X-Amz-Security-Token"] = []string{"x"}; return true }},
	{"header: borrowed from another request", anywhere, func(m *mutant) bool {
		return m.header("X-Amz-Meta-Word", to(m.other.Header.Get("X-Amz-Meta-Word")))
	}},

	// The list of what is signed.
	{"list: a name struck", anywhere, func(m *mutant) bool {
		return m.list(func(l []string) []string { i := m.IntN(len(l)); return slices.Delete(l, i, i+1) })
	}},
	{"list: a header that is there", anywhere, func(m *mutant) bool {
		m.r.Header["Zz"] = []string{"1"}
		return m.list(func(l []string) []string { return append(l, "zz") })
	}},
	{"list: a header that is not there", anywhere, func(m *mutant) bool { return m.list(func(l []string) []string { return append(l, "zz") }) }},
	{"list: names change places", anywhere, func(m *mutant) bool {
		return m.list(func(l []string) []string { i := m.IntN(len(l) - 1); l[i], l[i+1] = l[i+1], l[i]; return l })
	}},
	{"list: a name twice", anywhere, func(m *mutant) bool {
		return m.list(func(l []string) []string { i := m.IntN(len(l)); return slices.Insert(l, i, l[i]) })
	}},
	{"list: a letter in the other case", anywhere, func(m *mutant) bool { return m.part("SignedHeaders", m.recased) }},
	{"list: an empty name", anywhere, func(m *mutant) bool {
		return m.list(func(l []string) []string { return slices.Insert(l, m.IntN(len(l)), "") })
	}},
	{"list: none", anywhere, func(m *mutant) bool { return m.part("SignedHeaders", to("")) }},
	{"list: the host alone", anywhere, func(m *mutant) bool { return m.part("SignedHeaders", to("host")) }},

	// The date and the scope.
	{"date: a digit", anywhere, func(m *mutant) bool {
		return m.date(func(s string) string {
			i := m.pick(s, isDigit)
			return s[:i] + strconv.Itoa(m.IntN(10)) + s[i+1:]
		})
	}},
	{"date: a second, within the window", anywhere, func(m *mutant) bool { return m.date(to("2026112210000" + strconv.Itoa(1+m.IntN(9)) + "Z")) }},
	{"date: a fraction of a second", anywhere, func(m *mutant) bool { return m.date(to("20261122T100000.0Z")) }},
	{"date: another form", anywhere, func(m *mutant) bool { return m.date(to("2026-11-22T10:00:00Z")) }},
	{"date: none", anywhere, func(m *mutant) bool { return m.date(to("")) }},
	{"date: another zone", anywhere, func(m *mutant) bool { return m.date(to("20261122T100000+0000")) }},
	{"scope: the key, another that is known", anywhere, func(m *mutant) bool { return m.scope(0, to(otherKey)) }},
	{"scope: the key, a byte", anywhere, func(m *mutant) bool { return m.scope(0, m.swapped) }},
	{"scope: the key, in the other case", anywhere, func(m *mutant) bool { return m.scope(0, m.recased) }},
	{"scope: the day", anywhere, func(m *mutant) bool { return m.scope(1, m.swapped) }},
	{"scope: the region, another that is ours", anywhere, func(m *mutant) bool { return m.scope(2, to(otherRegion)) }},
	{"scope: the region, a byte", anywhere, func(m *mutant) bool { return m.scope(2, m.swapped) }},
	{"scope: the service", anywhere, func(m *mutant) bool { return m.scope(3, m.swapped) }},
	{"scope: the end", anywhere, func(m *mutant) bool { return m.scope(4, m.swapped) }},
	{"scope: an extra slash", anywhere, func(m *mutant) bool {
		return m.part("Credential", func(s string) string { i := m.at(s); return s[:i] + "/" + s[i:] })
	}},
	{"scope: a part less", anywhere, func(m *mutant) bool {
		return m.part("Credential", func(s string) string {
			parts := strings.Split(s, "/")
			i := m.IntN(len(parts))
			return strings.Join(slices.Delete(parts, i, i+1), "/")
		})
	}},
	{"scope: a blank", anywhere, func(m *mutant) bool {
		return m.part("Credential", func(s string) string { i := 1 + m.IntN(len(s)-1); return s[:i] + " " + s[i:] })
	}},

	// The signature.
	{"signature: a bit", anywhere, func(m *mutant) bool {
		return m.part("Signature", func(s string) string {
			raw, _ := hex.DecodeString(s)
			raw[m.IntN(len(raw))] ^= 1 << m.IntN(8)
			return hex.EncodeToString(raw)
		})
	}},
	{"signature: digits change places", anywhere, func(m *mutant) bool {
		return m.part("Signature", func(s string) string {
			i, j := m.IntN(len(s)), m.IntN(len(s))
			b := []byte(s)
			b[i], b[j] = b[j], b[i]
			return string(b)
		})
	}},
	{"signature: any", anywhere, func(m *mutant) bool {
		return m.part("Signature", func(s string) string {
			b := make([]byte, len(s)/2)
			for i := range b {
				b[i] = byte(m.IntN(256))
			}
			return hex.EncodeToString(b)
		})
	}},
	{"signature: zeroes", anywhere, func(m *mutant) bool { return m.part("Signature", to(strings.Repeat("0", 64))) }},
	{"signature: of another request", anywhere, func(m *mutant) bool {
		other := m.other.Header.Get("Authorization")
		if other == "" {
			other = m.other.URL.RawQuery
		}
		return m.part("Signature", to(other[len(other)-64:]))
	}},
	{"signature: shorter", anywhere, func(m *mutant) bool { return m.part("Signature", func(s string) string { return s[:m.IntN(len(s))] }) }},
	{"signature: longer", anywhere, func(m *mutant) bool { return m.part("Signature", plus("00")) }},
	{"signature: a digit in upper case", anywhere, func(m *mutant) bool {
		return m.part("Signature", func(s string) string {
			i := m.pick(s, func(b byte) bool { return isHexByte(b) && isLower(b) })
			return s[:i] + string(s[i]^0x20) + s[i+1:]
		})
	}},

	// The one method.
	{"method: a header beside the query", presigned, func(m *mutant) bool {
		m.r.Header["Authorization"] = []string{[]string{"", "Basic YTpi", "Bearer x", "AWS4-HMAC-SHA256 x"}[m.IntN(4)]}
		return true
	}},
	{"method: a parameter of a presigned URL beside the header", inHeader, func(m *mutant) bool {
		name := presigning[m.IntN(len(presigning))]
		return m.query(plus("&" + []string{name, strings.ToLower(name), escaped(name, m.IntN(len(name)))}[m.IntN(3)] + "=1"))
	}},
	{"method: the header twice", inHeader, func(m *mutant) bool {
		m.r.Header["Authorization"] = append(m.r.Header["Authorization"], m.r.Header["Authorization"][0])
		return true
	}},
	{"method: another scheme", inHeader, func(m *mutant) bool {
		return m.header("Authorization", func(s string) string { return m.swapped(s[:16]) + s[16:] })
	}},
	{"method: an unknown part", inHeader, func(m *mutant) bool { return m.header("Authorization", plus(", X=1")) }},
	{"method: a part twice", inHeader, func(m *mutant) bool {
		return m.header("Authorization", func(s string) string {
			parts := strings.Split(s[17:], ", ")
			return s + ", " + parts[m.IntN(len(parts))]
		})
	}},
	{"method: a part less", inHeader, func(m *mutant) bool {
		return m.header("Authorization", func(s string) string {
			parts := strings.Split(s[17:], ", ")
			i := m.IntN(len(parts))
			return s[:17] + strings.Join(slices.Delete(parts, i, i+1), ", ")
		})
	}},
	{"method: none", inHeader, func(m *mutant) bool { delete(m.r.Header, "Authorization"); return true }},

	// What only presigned URLs have.
	{"expires: another number", presigned, func(m *mutant) bool {
		return m.parameter("X-Amz-Expires", to(strconv.Itoa(1+m.IntN(604800))))
	}},
	{"expires: the most", presigned, func(m *mutant) bool { return m.parameter("X-Amz-Expires", to("604800")) }},
	{"expires: too much", presigned, func(m *mutant) bool { return m.parameter("X-Amz-Expires", to(strconv.Itoa(604801+m.IntN(1e9)))) }},
	{"expires: nothing or less", presigned, func(m *mutant) bool { return m.parameter("X-Amz-Expires", to(strconv.Itoa(-m.IntN(1e6)))) }},
	{"expires: no number", presigned, func(m *mutant) bool {
		return m.parameter("X-Amz-Expires", func(s string) string {
			i := m.at(s)
			return s[:i] + []string{" ", "+", "_", ".", "e", "x", "\x00"}[m.IntN(7)] + s[i:]
		})
	}},
	{"presigned: a parameter less", presigned, func(m *mutant) bool {
		name := presigning[m.IntN(len(presigning))]
		return m.query(func(q string) string {
			return strings.Join(slices.DeleteFunc(strings.Split(q, "&"), func(p string) bool { return strings.HasPrefix(p, name+"=") }), "&")
		})
	}},
	{"presigned: a parameter twice", presigned, func(m *mutant) bool {
		name := presigning[m.IntN(len(presigning))]
		return m.query(func(q string) string {
			v, _ := url.ParseQuery(q)
			return name + "=" + url.QueryEscape(v.Get(name)) + "&" + q
		})
	}},
	{"presigned: a name in the other case", presigned, func(m *mutant) bool {
		name := presigning[m.IntN(len(presigning))]
		return m.query(func(q string) string { return strings.Replace(q, name+"=", m.recased(name)+"=", 1) })
	}},
	{"presigned: another algorithm", presigned, func(m *mutant) bool { return m.parameter("X-Amz-Algorithm", m.swapped) }},
	{"presigned: the date in the header too", presigned, func(m *mutant) bool { m.r.Header["X-Amz-Date"] = []string{"20261122T100000Z"}; return true }},
	{"presigned: everything borrowed but the signature", presigned, func(m *mutant) bool {
		v, _ := url.ParseQuery(m.r.URL.RawQuery)
		own := v.Get("X-Amz-Signature")
		m.r = m.other.Clone(m.r.Context())
		return m.parameter("X-Amz-Signature", to(own))
	}},
}
