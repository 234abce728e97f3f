package clients_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	"github.com/aws/aws-sdk-go-v2/service/connect/types"
)

// groupConfig is aws_connect_user_hierarchy_group; the parent is not read back.
type groupConfig struct {
	Name string
	Tags map[string]string
}

// groups is hashicorp/terraform-provider-aws:internal/service/connect/user_hierarchy_group.go.
type groups struct {
	provider
	instance, parent string
}

func (k groups) create(w groupConfig) (string, error) {
	made, err := k.CreateUserHierarchyGroup(k.ctx, &connect.CreateUserHierarchyGroupInput{
		InstanceId: &k.instance, Name: &w.Name, Tags: tagged(w.Tags), ParentGroupId: some(k.parent),
	})
	if err != nil {
		return "", err
	}
	return k.instance + ":" + *made.HierarchyGroupId, nil
}

func (k groups) read(id string) (s state[groupConfig], err error) {
	instance, group := parts(id)
	out, err := k.DescribeUserHierarchyGroup(k.ctx, &connect.DescribeUserHierarchyGroupInput{InstanceId: instance, HierarchyGroupId: group})
	if err != nil {
		return s, err
	}
	g := out.HierarchyGroup
	if g == nil || g.HierarchyPath == nil {
		return s, errEmptyResponse
	}
	s.Config = groupConfig{*g.Name, tagged(g.Tags)}
	s.Computed = map[string]string{"arn": *g.Arn, "hierarchy_group_id": *g.Id, "level_id": *g.LevelId, "path": ""}
	p := g.HierarchyPath
	for _, level := range []*types.HierarchyGroupSummary{p.LevelOne, p.LevelTwo, p.LevelThree, p.LevelFour, p.LevelFive} {
		if level != nil {
			s.Computed["path"] += "/" + *level.Name
		}
	}
	return s, nil
}

func (k groups) update(id string, before state[groupConfig], w groupConfig) error {
	err := k.retag(before.Computed["arn"], before.Config.Tags, w.Tags)
	if err != nil || before.Config.Name == w.Name {
		return err
	}
	instance, group := parts(id)
	_, err = k.UpdateUserHierarchyGroupName(k.ctx, &connect.UpdateUserHierarchyGroupNameInput{InstanceId: instance, HierarchyGroupId: group, Name: &w.Name})
	return err
}

func (k groups) remove(id string) error {
	instance, group := parts(id)
	_, err := k.DeleteUserHierarchyGroup(k.ctx, &connect.DeleteUserHierarchyGroupInput{InstanceId: instance, HierarchyGroupId: group})
	return err
}

// structureConfig is aws_connect_user_hierarchy_structure: the names of its levels.
type structureConfig struct{ Levels [5]string }

// structures is hashicorp/terraform-provider-aws:internal/service/connect/user_hierarchy_structure.go.
// There is one an instance, so that to create it is to update it, and its id is
// that of the instance.
type structures struct {
	provider
	instance string
}

func (k structures) put(instance string, names [5]string) error {
	var levels [5]*types.HierarchyLevelUpdate
	for i, name := range names {
		if name != "" {
			levels[i] = &types.HierarchyLevelUpdate{Name: aws.String(name)}
		}
	}
	_, err := k.UpdateUserHierarchyStructure(k.ctx, &connect.UpdateUserHierarchyStructureInput{
		InstanceId: &instance, HierarchyStructure: &types.HierarchyStructureUpdate{
			LevelOne: levels[0], LevelTwo: levels[1], LevelThree: levels[2], LevelFour: levels[3], LevelFive: levels[4],
		},
	})
	return err
}

func (k structures) create(w structureConfig) (string, error) {
	return k.instance, k.put(k.instance, w.Levels)
}

func (k structures) read(id string) (s state[structureConfig], err error) {
	out, err := k.DescribeUserHierarchyStructure(k.ctx, &connect.DescribeUserHierarchyStructureInput{InstanceId: &id})
	if err != nil {
		return s, err
	}
	h := out.HierarchyStructure
	if h == nil {
		return s, errEmptyResponse
	}
	s.Computed = map[string]string{}
	for i, level := range []*types.HierarchyLevel{h.LevelOne, h.LevelTwo, h.LevelThree, h.LevelFour, h.LevelFive} {
		if level != nil {
			s.Config.Levels[i] = *level.Name
			s.Computed["arn of level "+*level.Id] = *level.Arn
		}
	}
	return s, nil
}

func (k structures) update(id string, before state[structureConfig], w structureConfig) error {
	if before.Config == w {
		return nil
	}
	return k.put(id, w.Levels)
}

func (k structures) remove(id string) error {
	return k.put(id, [5]string{})
}

func TestTerraformHierarchy(t *testing.T) {
	t.Parallel()
	p, _ := startProvider(t)
	i := manage(t, instances{p})
	i.apply("create instance", instanceOf("terraform-hierarchy"))

	r := manage(t, structures{p, i.id})
	if s, err := r.kind.read(i.id); err != nil || s.Config.Levels[4] == "" {
		t.Fatalf("a new instance has no five levels: %+v, %v", s, err)
	}
	r.apply("create with one level, though there are five", structureConfig{[5]string{"組織"}})
	r.apply("rename it", structureConfig{[5]string{"Site"}})
	r.apply("two levels", structureConfig{[5]string{"Site", "Team"}})
	r.apply("five levels", structureConfig{[5]string{"1st", "2nd", "3rd", "4th", "5th"}})
	r.apply("down to one", structureConfig{[5]string{"Site"}})
	r.apply("two again", structureConfig{[5]string{"Site", "Team"}})
	theGroups(t, p, i.id)
	r.removed()
	r.apply("create again", structureConfig{[5]string{"Site"}})
	i.destroy()
	if _, err := r.kind.read(r.id); !gone(err) {
		t.Errorf("the structure of an instance that is gone: %v, want ResourceNotFoundException", err)
	}
}

// removed is destroy for what leaves nothing but emptiness: the structure is read
// as an object without levels, not as an error.
func (r *resource[C]) removed() {
	r.t.Helper()
	if err := r.kind.remove(r.id); err != nil {
		r.t.Fatalf("remove: %v", err)
	}
	s, err := r.kind.read(r.id)
	if err != nil || len(s.Computed) != 0 {
		r.t.Errorf("removed: %+v, %v", s, err)
	}
	r.id, r.state = "", state[C]{}
}

// theGroups come and go while the structure is there, as depends_on has it.
func theGroups(t *testing.T, p provider, instance string) {
	t.Helper()
	parent := manage(t, groups{provider: p, instance: instance})
	parent.apply("create parent", groupConfig{"parent", map[string]string{"Key1": "Value1"}})
	child := manage(t, groups{p, instance, parent.state.Computed["hierarchy_group_id"]})
	child.apply("create child", groupConfig{Name: "child"})
	parent.apply("rename parent", groupConfig{"renamed", map[string]string{"Key1": "Value1"}})
	parent.apply("change tags", groupConfig{"renamed", map[string]string{"Key2": "Value2"}})
	child.apply("rename child", groupConfig{Name: "renamed below"})
	if c := child.state.Computed; c["level_id"] != "2" || c["path"] != "/renamed/renamed below" {
		t.Errorf("child: %v", c)
	}
	child.disappears()
	if err := manage(t, structures{p, instance}).kind.remove(instance); err == nil {
		t.Error("the structure went from under its groups")
	}
	child.destroy()
	parent.destroy()
}
