package touch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	qr "github.com/piglig/go-qr"
)

// What a code may be. Version 6 has 41 modules a side (ISO/IEC 18004, table 1): with its quiet zone 49,
// which are 3 pixels each on the smallest panel, 0.57 mm on 7 inches. An old phone at 30 cm sees three
// pixels of its own in each. Nothing covers a part of a screen, so that the lowest correction will do and
// keeps the modules few.
const (
	largestVersion = 6
	quietZone      = 4   // modules, as the standard has it
	maxLink        = 120 // bytes of data: the address as it is, three digits of the token in ten bits
)

var errLink = errors.New("the link does not fit a code that a phone can read")

// draw makes the SVG of a link. It is black on white in every look of the page: many phones cannot read the
// reverse.
func draw(link string) (string, error) {
	code, err := encode(link)
	if err != nil {
		return "", err
	}
	side := code.Size() + 2*quietZone
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%[1]d" height="%[1]d" fill="#fff"/><path stroke="#000" d="`, side, side)
	for y := range code.Size() {
		for x := 0; x < code.Size(); {
			n := dark(code, x, y)
			if n > 0 {
				fmt.Fprintf(&svg, "M%d %d.5h%d", x+quietZone, y+quietZone, n)
			}
			x += max(n, 1)
		}
	}
	svg.WriteString(`"/></svg>`)
	return svg.String(), nil
}

// encode writes what follows the # as digits where it is digits.
func encode(link string) (*qr.QrCode, error) {
	address, token, found := strings.Cut(link, "#")
	if found {
		address += "#"
	}
	if strings.Trim(token, "0123456789") != "" {
		address, token = link, ""
	}
	bits := 4 + 8 + 8*len(address) + 4 + 10 + (10*len(token)+2)/3
	if bits > 8*maxLink {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", errLink, (bits+7)/8, maxLink)
	}
	bytes, err := qr.MakeBytes([]byte(address))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLink, err)
	}
	parts := []*qr.QrSegment{bytes}
	if token != "" {
		digits, err := qr.MakeNumeric(token)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errLink, err)
		}
		parts = append(parts, digits)
	}
	return qr.EncodeSegments(parts, qr.Low, 1, largestVersion, -1, true)
}

// dark is how many modules from x on are dark.
func dark(code *qr.QrCode, x, y int) (n int) {
	for code.Module(x+n, y) {
		n++
	}
	return n
}

// maxCodes is how many codes are kept: a browser asks for one up to two seconds after it was told of it.
const maxCodes = 8

// codes are the latest codes by their names. The name is a hash: the stream then says nothing that a
// browser could not see on the screen anyway.
type codes struct {
	mu     sync.Mutex
	svg    map[string]string
	oldest []string
}

// add draws a link, unless it is there, and returns its name; "" is no link.
func (c *codes) add(link string) (name string, err error) {
	if link == "" {
		return "", nil
	}
	sum := sha256.Sum256([]byte(link))
	name = fmt.Sprintf("%x", sum[:6])
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.svg[name] != "" {
		return name, nil
	}
	svg, err := draw(link)
	if err != nil {
		return "", err
	}
	c.svg[name] = svg
	c.oldest = append(c.oldest, name)
	if len(c.oldest) > maxCodes {
		delete(c.svg, c.oldest[0])
		c.oldest = c.oldest[1:]
	}
	return name, nil
}

// code serves one of them.
func (p *Page) code(w http.ResponseWriter, r *http.Request) {
	p.codes.mu.Lock()
	svg := p.codes.svg[strings.TrimSuffix(r.PathValue("name"), ".svg")]
	p.codes.mu.Unlock()
	if svg == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(svg)) // a browser that has gone asks again
}
