package iam

import "github.com/aikagi/aikagi"

// ManagedPolicies returns the policies that every account has and nobody edits.
// Their names and what they say about Amazon Connect are Amazon's; statements
// about other services are kept, so that a copy taken from here means the same
// on AWS. The identifier is the ARN that Amazon gives the policy.
func ManagedPolicies() []aikagi.Policy {
	managed := func(name, document string) aikagi.Policy {
		return aikagi.Policy{
			ID: aikagi.PolicyID("arn:aws:iam::aws:policy/" + name), Name: name,
			Managed: true, Document: document, Version: 1,
		}
	}
	return []aikagi.Policy{
		managed("AdministratorAccess", administratorAccess),
		managed("AmazonConnect_FullAccess", connectFullAccess),
		managed("AmazonConnectReadOnlyAccess", connectReadOnlyAccess),
	}
}

const administratorAccess = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}
  ]
}
`

// Version 4 of 2023-03-07. It includes emergency access by connect:*.
const connectFullAccess = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "connect:*",
        "ds:CreateAlias", "ds:AuthorizeApplication", "ds:CreateIdentityPoolDirectory", "ds:DeleteDirectory",
        "ds:DescribeDirectories", "ds:UnauthorizeApplication", "ds:CheckAlias",
        "firehose:DescribeDeliveryStream", "firehose:ListDeliveryStreams",
        "kinesis:DescribeStream", "kinesis:ListStreams",
        "kms:DescribeKey", "kms:ListAliases",
        "lex:GetBots", "lex:ListBots", "lex:ListBotAliases",
        "lambda:ListFunctions",
        "logs:CreateLogGroup",
        "s3:GetBucketLocation", "s3:ListAllMyBuckets"
      ],
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "profile:*",
      "Resource": "arn:aws:profile:*:*:domains/amazon-connect-*"
    },
    {
      "Effect": "Allow",
      "Action": ["s3:CreateBucket", "s3:GetBucketAcl"],
      "Resource": "arn:aws:s3:::amazon-connect-*"
    },
    {
      "Effect": "Allow",
      "Action": "servicequotas:GetServiceQuota",
      "Resource": "arn:aws:servicequotas:*:*:connect/*"
    },
    {
      "Effect": "Allow",
      "Action": "iam:CreateServiceLinkedRole",
      "Resource": "*",
      "Condition": {
        "StringEquals": {"iam:AWSServiceName": ["connect.amazonaws.com", "profile.amazonaws.com"]}
      }
    },
    {
      "Effect": "Allow",
      "Action": "iam:DeleteServiceLinkedRole",
      "Resource": "arn:aws:iam::*:role/aws-service-role/connect.amazonaws.com/AWSServiceRoleForAmazonConnect*"
    }
  ]
}
`

// Version 4 of 2024-06-19. The Deny is what keeps its holder out of emergency
// access under both names.
const connectReadOnlyAccess = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "AllowReadOnlyConnectActions",
      "Effect": "Allow",
      "Action": ["connect:Get*", "connect:Describe*", "connect:List*", "ds:DescribeDirectories"],
      "Resource": "*"
    },
    {
      "Sid": "DenyConnectEmergencyAccess",
      "Effect": "Deny",
      "Action": "connect:AdminGetEmergencyAccessToken",
      "Resource": "*"
    }
  ]
}
`
