// Package config reads the settings of the server and of its commands. A
// setting has one name in three spellings, and where it stands twice the later
// place wins:
//
//	default < YAML file  < environment      < flag
//	          base_url:    AIKAGI_BASE_URL    --base-url
//
// Load judges all values together and reports every problem at once: which
// setting, where its value came from, and a reason for which the texts have an
// advice. What is not known in a file is an error, because a setting that was
// misspelt would silently not hold.
//
// config opens no file but the YAML file and dials nobody: whether a
// certificate can be read or a mail server answers is found out by who uses it.
package config
