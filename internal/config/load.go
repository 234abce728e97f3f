package config

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Sources are the places that settings are read from.
type Sources struct {
	Flags          *pflag.FlagSet // with the flags that AddFlags made; may be nil
	Environ        []string       // as os.Environ gives it
	DefaultKeyFile string
}

// Place is a kind of source.
type Place string

// The places, from the weakest to the strongest.
const (
	Default     Place = "default"
	File        Place = "file"
	Environment Place = "environment"
	Flag        Place = "flag"
)

// Source says where a value came from.
type Source struct {
	Place Place
	Name  string // path of the file, name of the variable or of the flag
}

func (s Source) String() string { return strings.TrimSpace(string(s.Place) + " " + s.Name) }

const prefix = "AIKAGI_"

// ConfigFlag is the flag, and AIKAGI_CONFIG the variable, that names the file.
const ConfigFlag = "config"

// AddFlags adds a flag for each setting, and one for the file; describe gives
// the text of its help.
func AddFlags(flags *pflag.FlagSet, describe func(setting string) string) {
	flags.String(ConfigFlag, "", describe(ConfigFlag))
	for _, sp := range specs("") {
		flags.String(flagName(sp.name), "", describe(sp.name))
	}
}

func flagName(setting string) string { return strings.ReplaceAll(setting, "_", "-") }

func variable(setting string) string { return prefix + strings.ToUpper(setting) }

// layer is what one place says.
type layer struct {
	values map[string]string
	source func(setting string) Source
}

// Load reads all sources and judges what they say together. The error is
// Problems.
func Load(from Sources) (Settings, error) {
	known := specs(from.DefaultKeyFile)
	s := Settings{}
	var problems Problems
	layers := []layer{defaults(known)}
	environment, ignored := readEnvironment(from.Environ, known)
	s.Ignored = ignored
	if path, source := configPath(from); path != "" {
		l, bad := readFile(path, source, known)
		problems = append(problems, bad...)
		layers = append(layers, l)
	}
	flags, err := readFlags(from.Flags, known)
	if err != nil {
		return s, err
	}
	layers = append(layers, environment, flags)
	problems = append(problems, s.take(known, layers)...)
	if len(problems) == 0 {
		problems = s.judge()
	}
	if len(problems) > 0 {
		return s, problems
	}
	return s, nil
}

// take sets each setting from the strongest layer that names it.
func (s *Settings) take(known []spec, layers []layer) Problems {
	var problems Problems
	for _, sp := range known {
		text, source := "", Source{Place: Default}
		for _, l := range layers {
			if v, ok := l.values[sp.name]; ok {
				text, source = v, l.source(sp.name)
			}
		}
		if sp.name == "database" && text == "" {
			text = sqlitePath(s.Data) // data stands before it
		}
		shown := text
		if sp.secret {
			shown = hidden(text)
		}
		s.values = append(s.values, Value{sp.name, shown, source})
		if text == "" {
			continue
		}
		reason := sp.set(s, text)
		if sp.secret && source.Place == Flag && holdsPassword(text) {
			reason = "secret_in_flag" // ps shows flags to everybody (M08)
		}
		if reason != "" {
			problems = append(problems, &Problem{sp.name, source, reason})
		}
	}
	return problems
}

func defaults(known []spec) layer {
	values := map[string]string{}
	for _, sp := range known {
		values[sp.name] = sp.fallback
	}
	return layer{values, func(string) Source { return Source{Place: Default} }}
}

func configPath(from Sources) (string, Source) {
	if from.Flags != nil {
		if f := from.Flags.Lookup(ConfigFlag); f != nil && f.Changed {
			return f.Value.String(), Source{Flag, "--" + ConfigFlag}
		}
	}
	name := variable(ConfigFlag)
	for _, entry := range from.Environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok && v != "" {
			return v, Source{Environment, name}
		}
	}
	return "", Source{}
}

func readFile(path string, named Source, known []spec) (layer, Problems) {
	l := layer{map[string]string{}, func(string) Source { return Source{File, path} }}
	k := koanf.New("\x00") // no delimiter: names are flat
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		reason, missing := "file_yaml", new(fs.PathError)
		if errors.As(err, &missing) {
			reason = "file_unreadable"
		}
		return l, Problems{&Problem{ConfigFlag, Source{named.Place, named.Name + " " + path}, reason}}
	}
	var problems Problems
	for _, name := range k.Keys() {
		whole := name
		name = strings.ReplaceAll(name, "\x00", ".") // a map below the setting
		if !slices.ContainsFunc(known, func(sp spec) bool { return sp.name == name }) {
			problems = append(problems, &Problem{name, Source{File, path}, "unknown"})
			continue
		}
		text, ok := scalar(k.Get(whole))
		if !ok {
			problems = append(problems, &Problem{name, Source{File, path}, "not_text"})
			continue
		}
		if text != "" {
			l.values[name] = text
		}
	}
	return l, problems
}

// scalar reads a value of the file: text, number, yes or no, or a list of these.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(v), true
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			text, ok := one.(string)
			if !ok {
				return "", false
			}
			parts[i] = text
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}

func readEnvironment(environ []string, known []spec) (l layer, ignored []string) {
	l = layer{map[string]string{}, func(setting string) Source { return Source{Environment, variable(setting)} }}
	k := koanf.New("\x00")
	_ = k.Load(env.Provider("", env.Opt{ // Read of this provider has no way to fail
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			setting := strings.ToLower(strings.TrimPrefix(name, prefix))
			if setting == ConfigFlag || notASetting(setting) {
				return "", nil
			}
			if name != variable(setting) || !slices.ContainsFunc(known, func(sp spec) bool { return sp.name == setting }) {
				ignored = append(ignored, name)
				return "", nil
			}
			return setting, value
		},
	}), nil)
	for _, name := range k.Keys() {
		if v := k.String(name); v != "" { // an empty variable is an unset one
			l.values[name] = v
		}
	}
	slices.Sort(ignored)
	return l, ignored
}

// notASetting names variables that commands and tests read themselves.
func notASetting(name string) bool {
	switch name {
	case "lang", "access_key_id", "secret_access_key":
		return true
	}
	return strings.HasPrefix(name, "test_") || strings.HasPrefix(name, "require_")
}

func readFlags(flags *pflag.FlagSet, known []spec) (layer, error) {
	l := layer{map[string]string{}, func(setting string) Source { return Source{Flag, "--" + flagName(setting)} }}
	if flags == nil {
		return l, nil
	}
	k := koanf.New("\x00")
	for _, sp := range known {
		f := flags.Lookup(flagName(sp.name))
		if f == nil || !f.Changed {
			continue
		}
		if err := k.Set(sp.name, f.Value.String()); err != nil {
			return l, errors.Join(Problems{&Problem{sp.name, l.source(sp.name), "not_text"}}, err)
		}
		l.values[sp.name] = k.String(sp.name)
	}
	return l, nil
}
