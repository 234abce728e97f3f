// Package clients holds the stories that real clients of Amazon Connect run
// against Aikagi, unchanged but for the endpoint: the AWS CLI, boto3, the SDKs
// for Go and JavaScript. Each creates, describes, lists with paging, searches,
// makes every update its model knows, tags, deletes, and meets the errors.
//
// The stories are in testdata, one script a client, and in sdk_test.go. They say
// at the end what they did; a client that is not installed is skipped, unless
// AIKAGI_REQUIRE_CLIENTS says that it must be there.
//
// Terraform is not among them: terraform_*_test.go make the calls of its AWS
// provider, in its order, with the SDK for Go, and hold that what is read back is
// what was written, so that a second plan is empty.
package clients
