#!/usr/bin/env bash
# The story as the AWS CLI tells it. Needs AIKAGI_ENDPOINT, AIKAGI_INSTANCE and AIKAGI_AWS (the command); keys and region
# as usual. The CLI of 2023 has no UpdateUserConfig, no proficiencies, and no AWS_ENDPOINT_URL.
set -euo pipefail

export AWS_PAGER=""
connect() { "$AIKAGI_AWS" --endpoint-url "$AIKAGI_ENDPOINT" --output text connect "$@"; }
here=(--instance-id "$AIKAGI_INSTANCE")

die() { echo "$*" >&2; exit 1; }
is() { [ "$2" = "$3" ] || die "$1: got '$2', want '$3'"; }
refused() { # name of the error, command
    local want=$1 said
    shift
    if said=$("$@" 2>&1); then die "not refused: $*"; fi
    [[ $said == *"($want)"* ]] || die "refused otherwise than with $want: $said"
}

is "who am I" "$("$AIKAGI_AWS" --endpoint-url "$AIKAGI_ENDPOINT" --output text sts get-caller-identity --query Arn | cut -d: -f1-4)" "arn:aws:iam:"
is "status" "$(connect describe-instance "${here[@]}" --query Instance.InstanceStatus)" ACTIVE

agent=$(connect list-security-profiles "${here[@]}" --query "SecurityProfileSummaryList[?Name=='Agent'].Id")
routing=$(connect list-routing-profiles "${here[@]}" --query "RoutingProfileSummaryList[?Name=='Basic Routing Profile'].Id")

leaders=$(connect create-security-profile "${here[@]}" --security-profile-name "cli leaders" --permissions Users.View Users.Edit \
    --tags made-by=cli --query SecurityProfileId)
refused DuplicateResourceException connect create-security-profile "${here[@]}" --security-profile-name "cli leaders"
connect update-security-profile "${here[@]}" --security-profile-id "$leaders" --description changed
is "description" "$(connect describe-security-profile "${here[@]}" --security-profile-id "$leaders" --query SecurityProfile.Description)" changed
is "permissions" "$(connect list-security-profile-permissions "${here[@]}" --security-profile-id "$leaders" --query 'length(Permissions)')" 2

group=$(connect create-user-hierarchy-group "${here[@]}" --name "cli team" --query HierarchyGroupId)
connect update-user-hierarchy-group-name "${here[@]}" --hierarchy-group-id "$group" --name "cli crew"
is "level" "$(connect describe-user-hierarchy-group "${here[@]}" --hierarchy-group-id "$group" --query HierarchyGroup.LevelId)" 1

new=(create-user "${here[@]}" --username cli.person --password Correct1horse --routing-profile-id "$routing" --security-profile-ids "$agent"
    --phone-config PhoneType=SOFT_PHONE,AutoAccept=false --identity-info "FirstName=花子,LastName=試験")
read -r arn user <<<"$(connect "${new[@]}" --hierarchy-group-id "$group" --query '[UserArn,UserId]')"
refused DuplicateResourceException connect "${new[@]}"
is "no address" "$(connect describe-user "${here[@]}" --user-id "$user" --query User.IdentityInfo.Email)" None
connect update-user-identity-info "${here[@]}" --user-id "$user" \
    --identity-info "FirstName=花子,LastName=試験,Email=cli.person@sakura.example"
is "address" "$(connect describe-user "${here[@]}" --user-id "$user" --query User.IdentityInfo.Email)" cli.person@sakura.example
connect update-user-phone-config "${here[@]}" --user-id "$user" --phone-config PhoneType=DESK_PHONE,DeskPhoneNumber=+81312345678
connect update-user-routing-profile "${here[@]}" --user-id "$user" --routing-profile-id "$routing"
connect update-user-security-profiles "${here[@]}" --user-id "$user" --security-profile-ids "$agent" "$leaders"
is "profiles" "$(connect describe-user "${here[@]}" --user-id "$user" --query 'length(User.SecurityProfileIds)')" 2
connect update-user-hierarchy "${here[@]}" --user-id "$user"
is "group" "$(connect describe-user "${here[@]}" --user-id "$user" --query User.HierarchyGroupId)" None
refused ResourceNotFoundException connect describe-user "${here[@]}" --user-id 00000000-0000-4000-8000-000000000000
refused InvalidParameterException connect update-user-identity-info "${here[@]}" --user-id "$user" --identity-info "FirstName=a,LastName=b,Email=no-address"

listed=$(connect list-users "${here[@]}" --page-size 25 --query 'UserSummaryList[].Id' | wc -w)
[ "$listed" -gt 100 ] || die "only $listed users listed"
is "found" "$(connect search-users "${here[@]}" --query 'Users[].Id' \
    --search-criteria 'StringCondition={FieldName=Username,Value=cli.,ComparisonType=STARTS_WITH}')" "$user"

connect tag-resource --resource-arn "$arn" --tags floor=5,team=cli
connect untag-resource --resource-arn "$arn" --tag-keys floor
is "tags" "$(connect list-tags-for-resource --resource-arn "$arn" --query 'tags.team')" cli

connect delete-user "${here[@]}" --user-id "$user"
refused ResourceNotFoundException connect delete-user "${here[@]}" --user-id "$user"
connect delete-user-hierarchy-group "${here[@]}" --hierarchy-group-id "$group"
connect delete-security-profile "${here[@]}" --security-profile-id "$leaders"
AWS_SECRET_ACCESS_KEY=wrong refused InvalidSignatureException connect list-instances
AWS_ACCESS_KEY_ID=AKIANOBODYNOBODYNOBO refused UnrecognizedClientException connect list-instances
echo "$("$AIKAGI_AWS" --version | cut -d' ' -f1): the story is told"
