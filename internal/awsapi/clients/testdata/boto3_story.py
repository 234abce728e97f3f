"""The story as boto3 tells it. Needs AIKAGI_ENDPOINT and AIKAGI_INSTANCE, keys and region as usual."""

import os
import time

import boto3
from botocore.exceptions import ClientError

endpoint = os.environ["AIKAGI_ENDPOINT"]
instance = os.environ["AIKAGI_INSTANCE"]
connect = boto3.client("connect", endpoint_url=endpoint)
known = set(connect.meta.service_model.operation_names)
done = set()


def call(name, **arguments):
    """Calls an operation by Amazon's name and remembers it."""
    done.add(name)
    method = "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    return getattr(connect, method)(InstanceId=instance, **arguments)


def refused(code, name, **arguments):
    """Expects an error of this name."""
    try:
        call(name, **arguments)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, (name, e)
        assert e.response["Error"]["Message"], (name, "says nothing")
        assert e.response["ResponseMetadata"]["RequestId"], (name, "has no request id")
        return
    raise AssertionError(f"{name} was not refused with {code}")


def pages(name, key, **arguments):
    """Lists everything page by page, and checks that nothing comes twice."""
    found, token = [], None
    while True:
        page = call(name, **arguments, **({"NextToken": token} if token else {}))
        found += page[key]
        token = page.get("NextToken")
        if not token:
            break
    ids = [one["Id"] for one in found]
    assert len(ids) == len(set(ids)), f"{name} answers something twice"
    return found


identity = boto3.client("sts", endpoint_url=endpoint).get_caller_identity()
assert identity["Arn"].startswith("arn:aws:iam::" + identity["Account"]), identity

listed = connect.list_instances()["InstanceSummaryList"]
assert [i["InstanceStatus"] for i in listed if i["Id"] == instance] == ["ACTIVE"], listed
described = call("DescribeInstance")["Instance"]
assert described["Arn"].endswith(":instance/" + instance), described
attribute = call("DescribeInstanceAttribute", AttributeType="EARLY_MEDIA")["Attribute"]
assert attribute == {"AttributeType": "EARLY_MEDIA", "Value": "true"}, attribute

profiles = {p["Name"]: p["Id"] for p in pages("ListSecurityProfiles", "SecurityProfileSummaryList", MaxResults=1)}
assert {"Admin", "Agent", "CallCenterManager", "QualityAnalyst"} <= set(profiles), profiles
routing = {p["Name"]: p["Id"] for p in pages("ListRoutingProfiles", "RoutingProfileSummaryList")}
assert "Basic Routing Profile" in routing, routing
routing_profile = routing["Basic Routing Profile"]
assert call("DescribeRoutingProfile", RoutingProfileId=routing_profile)["RoutingProfile"]["Name"] == "Basic Routing Profile"
assert "BasicQueue" in [q["Name"] for q in pages("ListQueues", "QueueSummaryList") if "Name" in q]
assert "Basic Hours" in [h["Name"] for h in pages("ListHoursOfOperations", "HoursOfOperationSummaryList")]

# Security profiles
made = call("CreateSecurityProfile", SecurityProfileName="boto3 leaders", Description="made by boto3",
            Permissions=["Users.View", "Users.Edit"], Tags={"made-by": "boto3"})
leaders = made["SecurityProfileId"]
refused("DuplicateResourceException", "CreateSecurityProfile", SecurityProfileName="boto3 leaders")
profile = call("DescribeSecurityProfile", SecurityProfileId=leaders)["SecurityProfile"]
assert profile["Description"] == "made by boto3" and profile["Tags"] == {"made-by": "boto3"}, profile
call("UpdateSecurityProfile", SecurityProfileId=leaders, Description="changed")
permissions = call("ListSecurityProfilePermissions", SecurityProfileId=leaders)["Permissions"]
assert sorted(permissions) == ["Users.Edit", "Users.View"], permissions
found = call("SearchSecurityProfiles", SearchCriteria={
    "StringCondition": {"FieldName": "name", "Value": "boto3", "ComparisonType": "STARTS_WITH"}})
assert [p["Id"] for p in found["SecurityProfiles"]] == [leaders] and found["ApproximateTotalCount"] == 1, found

# Hierarchy
levels = ["LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"]
call("UpdateUserHierarchyStructure", HierarchyStructure={level: {"Name": "boto3 " + level} for level in levels})
structure = call("DescribeUserHierarchyStructure")["HierarchyStructure"]
assert [structure[level]["Name"] for level in levels] == ["boto3 " + level for level in levels], structure
top = call("CreateUserHierarchyGroup", Name="boto3 centre", Tags={"made-by": "boto3"})["HierarchyGroupId"]
team = call("CreateUserHierarchyGroup", Name="boto3 team", ParentGroupId=top)["HierarchyGroupId"]
path = call("DescribeUserHierarchyGroup", HierarchyGroupId=team)["HierarchyGroup"]
assert path["LevelId"] == "2" and path["HierarchyPath"]["LevelOne"]["Id"] == top, path
assert path["HierarchyPath"]["LevelTwo"]["Id"] == team, path
call("UpdateUserHierarchyGroupName", HierarchyGroupId=team, Name="boto3 crew")
assert {top, team} <= {g["Id"] for g in pages("ListUserHierarchyGroups", "UserHierarchyGroupSummaryList", MaxResults=2)}
refused("ResourceInUseException", "DeleteUserHierarchyGroup", HierarchyGroupId=top)

# Users
new = dict(
    Username="boto3.person", Password="Correct1horse", RoutingProfileId=routing_profile,
    SecurityProfileIds=[profiles["Agent"]], PhoneConfig={"PhoneType": "SOFT_PHONE", "AutoAccept": True, "AfterContactWorkTimeLimit": 30},
    IdentityInfo={"FirstName": "花子", "LastName": "試験", "Email": "boto3.person@sakura.example"},
    HierarchyGroupId=team, Tags={"team": "boto3"})
person = call("CreateUser", **new)
assert person["UserArn"].endswith("/agent/" + person["UserId"]), person
user = person["UserId"]
refused("DuplicateResourceException", "CreateUser", **new)
refused("InvalidParameterException", "CreateUser", **{**new, "Username": "boto3.other", "Password": "short"})
refused("ResourceNotFoundException", "DescribeUser", UserId="00000000-0000-4000-8000-000000000000")


def read():
    return call("DescribeUser", UserId=user)["User"]


one = read()
assert one["IdentityInfo"] == new["IdentityInfo"], one
assert one["PhoneConfig"]["AutoAccept"] is True and one["PhoneConfig"]["AfterContactWorkTimeLimit"] == 30, one
assert one["SecurityProfileIds"] == new["SecurityProfileIds"] and one["Tags"] == {"team": "boto3"}, one
assert one["HierarchyGroupId"] == team and one["DirectoryUserId"], one

call("UpdateUserIdentityInfo", UserId=user, IdentityInfo={
    "FirstName": "花子", "LastName": "検証", "Email": "boto3.new@sakura.example",
    "SecondaryEmail": "boto3.second@sakura.example", "Mobile": "+819012345678"})
assert read()["IdentityInfo"]["Email"] == "boto3.new@sakura.example"
call("UpdateUserPhoneConfig", UserId=user, PhoneConfig={"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+81312345678"})
assert read()["PhoneConfig"]["DeskPhoneNumber"] == "+81312345678"
refused("InvalidParameterException", "UpdateUserPhoneConfig", UserId=user,
        PhoneConfig={"PhoneType": "DESK_PHONE", "DeskPhoneNumber": "03-1234-5678"})
call("UpdateUserRoutingProfile", UserId=user, RoutingProfileId=routing_profile)
call("UpdateUserSecurityProfiles", UserId=user, SecurityProfileIds=[profiles["Agent"], leaders])
assert sorted(read()["SecurityProfileIds"]) == sorted([profiles["Agent"], leaders])
call("UpdateUserHierarchy", UserId=user)
assert "HierarchyGroupId" not in read()
call("UpdateUserHierarchy", UserId=user, HierarchyGroupId=team)
refused("ResourceInUseException", "DeleteUserHierarchyGroup", HierarchyGroupId=team)
if "UpdateUserConfig" in known:
    call("UpdateUserConfig", UserId=user, AutoAcceptConfigs=[{"Channel": "CHAT", "AutoAccept": True}])
    assert read()["AutoAcceptConfigs"] == [{"Channel": "CHAT", "AutoAccept": True}], read()
if "AssociateUserProficiencies" in known:
    language = {"AttributeName": "connect:Language", "AttributeValue": "connect:Japanese"}
    call("AssociateUserProficiencies", UserId=user, UserProficiencies=[{**language, "Level": 3.0}])
    call("UpdateUserProficiencies", UserId=user, UserProficiencies=[{**language, "Level": 4.0}])
    held = call("ListUserProficiencies", UserId=user)["UserProficiencyList"]
    assert held == [{**language, "Level": 4.0}], held
    call("DisassociateUserProficiencies", UserId=user, UserProficiencies=[language])

everybody = pages("ListUsers", "UserSummaryList", MaxResults=10)
assert user in [u["Id"] for u in everybody] and len(everybody) > 100, len(everybody)
paginated = connect.get_paginator("list_users").paginate(InstanceId=instance, PaginationConfig={"PageSize": 50})
assert sum(len(p["UserSummaryList"]) for p in paginated) == len(everybody)
refused("InvalidParameterException", "ListUsers", NextToken="bm8gdG9rZW4")

search = call("SearchUsers", SearchCriteria={"AndConditions": [
    {"StringCondition": {"FieldName": "Username", "Value": "boto3", "ComparisonType": "STARTS_WITH"}},
    {"HierarchyGroupCondition": {"Value": top, "HierarchyGroupMatchType": "WITH_CHILD_GROUPS"}}]})
assert [u["Id"] for u in search["Users"]] == [user] and search["ApproximateTotalCount"] == 1, search
assert "Email" not in search["Users"][0]["IdentityInfo"], search
tagged = call("SearchUsers", SearchFilter={"TagFilter": {"TagCondition": {"TagKey": "team", "TagValue": "boto3"}}})
assert [u["Id"] for u in tagged["Users"]] == [user], tagged

# Tags
arn = person["UserArn"]
connect.tag_resource(resourceArn=arn, tags={"floor": "3", "空": ""})
assert connect.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "boto3", "floor": "3", "空": ""}
connect.untag_resource(resourceArn=arn, tagKeys=["floor", "空"])
assert connect.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "boto3"}

# Wrong keys
wrong = boto3.client("connect", endpoint_url=endpoint, aws_secret_access_key="no such secret",
                     aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
try:
    wrong.list_instances()
    raise AssertionError("a wrong secret was taken")
except ClientError as e:
    assert e.response["Error"]["Code"] == "InvalidSignatureException", e

# An instance of its own, as Terraform makes them
fresh = connect.create_instance(ClientToken="boto3-" + str(time.time_ns()), IdentityManagementType="CONNECT_MANAGED",
                                InstanceAlias="boto3-own", InboundCallsEnabled=True, OutboundCallsEnabled=False)
calls = connect.describe_instance(InstanceId=fresh["Id"])["Instance"]
assert calls["InboundCallsEnabled"] is True and calls["OutboundCallsEnabled"] is False, calls
connect.update_instance_attribute(InstanceId=fresh["Id"], AttributeType="OUTBOUND_CALLS", Value="true")
assert connect.describe_instance(InstanceId=fresh["Id"])["Instance"]["OutboundCallsEnabled"] is True
connect.delete_instance(InstanceId=fresh["Id"])
try:
    connect.describe_instance(InstanceId=fresh["Id"])
    raise AssertionError("a deleted instance is there")
except ClientError as e:
    assert e.response["Error"]["Code"] == "ResourceNotFoundException", e

# And all of it goes
call("DeleteUser", UserId=user)
refused("ResourceNotFoundException", "DeleteUser", UserId=user)
call("DeleteUserHierarchyGroup", HierarchyGroupId=team)
call("DeleteUserHierarchyGroup", HierarchyGroupId=top)
call("DeleteSecurityProfile", SecurityProfileId=leaders)
refused("ResourceNotFoundException", "DescribeSecurityProfile", SecurityProfileId=leaders)

print(f"boto3 {boto3.__version__}: {len(done)} operations")
