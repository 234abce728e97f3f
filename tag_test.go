package aikagi_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aikagi/aikagi"
)

func TestParseTags(t *testing.T) {
	t.Parallel()
	many := make([]aikagi.Tag, 51)
	for i := range many {
		many[i].Key = strconv.Itoa(i)
	}
	for name, c := range map[string]struct {
		tags []aikagi.Tag
		want string
	}{
		"none":              {nil, ""},
		"empty value":       {[]aikagi.Tag{{Key: "a"}}, ""},
		"all signs":         {[]aikagi.Tag{{Key: "部署 _.:/=+-@２", Value: "何でも <b>\"'\\"}}, ""},
		"fifty":             {many[:50], ""},
		"longest":           {[]aikagi.Tag{{Key: strings.Repeat("鍵", 128), Value: strings.Repeat("値", 256)}}, ""},
		"aws inside":        {[]aikagi.Tag{{Key: "my aws:"}, {Key: "AWS:x"}}, ""},
		"too many":          {many, "too_many"},
		"no key":            {[]aikagi.Tag{{Value: "x"}}, "required"},
		"long key":          {[]aikagi.Tag{{Key: strings.Repeat("鍵", 129)}}, "too_long"},
		"strange key":       {[]aikagi.Tag{{Key: "a;b"}}, "characters"},
		"broken key":        {[]aikagi.Tag{{Key: "a\xff"}}, "characters"},
		"direction in key":  {[]aikagi.Tag{{Key: "a\u202eb"}}, "characters"},
		"reserved":          {[]aikagi.Tag{{Key: "aws:cloudformation:stack-name"}}, "reserved"},
		"long value":        {[]aikagi.Tag{{Key: "a", Value: strings.Repeat("x", 257)}}, "value_too_long"},
		"control in value":  {[]aikagi.Tag{{Key: "a", Value: "x\ny"}}, "value_characters"},
		"broken value":      {[]aikagi.Tag{{Key: "a", Value: "\xff"}}, "value_characters"},
		"repeated":          {[]aikagi.Tag{{Key: "a"}, {Key: "b"}, {Key: "a", Value: "2"}}, "repeated"},
		"case is different": {[]aikagi.Tag{{Key: "a"}, {Key: "A"}}, ""},
	} {
		got, err := aikagi.ParseTags(c.tags)
		if reason := aikagi.ReasonOf(err); reason != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		for i := 1; i < len(got); i++ {
			if got[i-1].Key >= got[i].Key {
				t.Errorf("%s: not in order: %v", name, got)
			}
		}
	}
}

func TestParseProficiencies(t *testing.T) {
	t.Parallel()
	one := func(attribute, value string, level int) []aikagi.Proficiency {
		return []aikagi.Proficiency{{Attribute: attribute, Value: value, Level: level}}
	}
	var many []aikagi.Proficiency
	for i := range 11 {
		many = append(many, one("言語", strconv.Itoa(i), 1)...)
	}
	for name, c := range map[string]struct {
		all  []aikagi.Proficiency
		want string
	}{
		"none": {nil, ""}, "lowest": {one("connect:Language", "connect:English", 1), ""}, "highest": {one("a", "b", 5), ""},
		"ten": {many[:10], ""}, "eleven": {many, "too_many"}, "no attribute": {one("", "b", 1), "required"},
		"no value": {one("a", "", 1), "required"}, "long": {one("a", strings.Repeat("値", 101), 1), "too_long"},
		"control": {one("a\x00", "b", 1), "characters"}, "level 0": {one("a", "b", 0), "level"}, "level 6": {one("a", "b", 6), "level"},
		"repeated": {append(one("a", "b", 1), one("a", "b", 2)...), "repeated"},
	} {
		_, err := aikagi.ParseProficiencies(c.all)
		if reason := aikagi.ReasonOf(err); reason != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
