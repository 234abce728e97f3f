module github.com/aikagi/aikagi

go 1.26.0

require (
	github.com/aws/aws-sdk-go-v2 v1.47.7 // signs requests of `aikagi console` and of commands about servers elsewhere; in tests the oracle of our verifier
	github.com/aws/aws-sdk-go-v2/config v1.33.15 // `unreachable --aws` finds credentials where the AWS tools do
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // … and assumes roles
	github.com/aws/aws-sdk-go-v2/service/connect v1.175.2 // tests only: a client of the wire API, and what our shapes are compared with
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // whose credentials they are
	github.com/aws/smithy-go v1.28.8 // tests only: names of errors that the SDK has no type for
	github.com/boombuler/barcode v1.1.0 // QR codes of reset cards and second factors
	github.com/ccojocar/zxcvbn-go v1.0.4 // lists of common passwords
	github.com/chromedp/cdproto v0.159.0 // tests only: what chromedp speaks
	github.com/chromedp/chromedp v0.23.0 // tests only: drives headless Chromium
	github.com/emersion/go-msgauth v0.7.0 // DKIM signatures (RFC 6376), DMARC records
	github.com/emersion/go-smtp v0.25.1 // the demo's mailbox, and servers in tests
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // strict JSON of policy documents: exact names, none twice, valid UTF-8
	github.com/google/go-cmp v0.7.0 // tests only: readable differences
	github.com/google/uuid v1.6.0 // UUIDv4 and v7
	github.com/jackc/pgx/v5 v5.12.0 // PostgreSQL
	github.com/knadh/koanf/parsers/yaml v1.1.1 // the settings file
	github.com/knadh/koanf/providers/env/v2 v2.0.2 // AIKAGI_… variables
	github.com/knadh/koanf/providers/file v1.2.1 // reads the settings file
	github.com/knadh/koanf/v2 v2.4.1 // settings from defaults, file, environment and flags
	github.com/nicksnyder/go-i18n/v2 v2.7.0 // texts in two languages, with plurals
	github.com/pquerna/otp v1.5.0 // second factor of principals (RFC 6238)
	github.com/pressly/goose/v3 v3.29.0 // numbered migrations, with a lease on PostgreSQL
	github.com/prometheus/client_golang v1.25.0 // metrics on the operator's listener
	github.com/prometheus/common v0.72.0 // tests only: reads metrics as Prometheus does
	github.com/rogpeppe/go-internal v1.16.0 // tests only: command lines that read like a terminal
	github.com/spf13/cobra v1.10.2 // commands, help and shell completion
	github.com/spf13/pflag v1.0.9 // flags that are settings too
	golang.org/x/crypto v0.58.0 // Argon2id, bcrypt of imported hashes, XChaCha20-Poly1305
	golang.org/x/image v0.47.0 // draws challenges
	golang.org/x/net v0.61.0 // public suffixes in mails, DNS messages; tests parse HTML
	golang.org/x/term v0.47.0 // asks for a passphrase without showing it
	golang.org/x/text v0.43.0 // Unicode normal forms, widths and languages
	modernc.org/sqlite v1.61.1 // SQLite without cgo
	pgregory.net/rapid v1.3.0 // tests only: properties
)

require (
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dustin/go-humanize v1.1.0 // indirect
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	github.com/fsnotify/fsnotify v1.9.0 // indirect
	github.com/go-viper/mapstructure/v2 v2.4.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/knadh/koanf/maps v0.1.2 // indirect
	github.com/mattn/go-isatty v0.0.24 // indirect
	github.com/mfridman/interpolate v0.0.2 // indirect
	github.com/mitchellh/copystructure v1.2.0 // indirect
	github.com/mitchellh/reflectwalk v1.0.2 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-strftime v1.1.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/remyoudompheng/bigfft v0.0.0-20230129092748-24d4a6f8daec // indirect
	github.com/sethvargo/go-retry v0.5.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	modernc.org/libc v1.79.0 // indirect
	modernc.org/mathutil v1.7.1 // indirect
	modernc.org/memory v1.12.1 // indirect
)
